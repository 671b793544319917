import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import type { Reader, Tx } from '../../../platform/storage/index.ts'
import type { AnswerShapes } from './shape.ts'

export async function selectShapes(
  reader: Reader,
  resource: string,
): Promise<AnswerShapes | undefined> {
  const text = await selectShapesText(reader, resource)
  return text === undefined ? undefined : (JSON.parse(text) as AnswerShapes) // as: only `writeShapes` writes the column
}

export async function selectShapesText(
  reader: Reader,
  resource: string,
): Promise<string | undefined> {
  const row = await reader
    .selectFrom('resource_answers')
    .select('shapes')
    .where('resource', '=', resource)
    .executeTakeFirst()
  return row?.shapes
}

export function shapesText(shapes: AnswerShapes): string {
  return canonicalJson({ nodes: [...shapes.nodes], of: { ...shapes.of } })
}

/**
 * Replaces the answer shapes of all actions of a resource; there are none where its description
 * does not describe answers.
 */
export async function writeShapes(
  tx: Tx,
  resource: string,
  shapes: string | undefined,
): Promise<void> {
  await tx.deleteFrom('resource_answers').where('resource', '=', resource).execute()
  if (shapes !== undefined)
    await tx.insertInto('resource_answers').values({ resource, shapes }).execute()
}
