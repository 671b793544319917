import type { Selectable } from 'kysely'
import type { Reader, Schema, Tx } from '../storage/index.ts'

/** One published set of policies. Never changed. */
export type PublishedSet = {
  /** From 1. The highest is the active one. */
  readonly version: number
  readonly text: string
  /** What it was validated against. */
  readonly schema: string
  readonly digest: string
  readonly note: string
  readonly by: string
  readonly at: number
}

export async function latestSet(reader: Reader): Promise<PublishedSet | undefined> {
  const row = await reader
    .selectFrom('policy_sets')
    .selectAll()
    .orderBy('version', 'desc')
    .limit(1)
    .executeTakeFirst()
  return row && setOf(row)
}

export async function findSet(reader: Reader, version: number): Promise<PublishedSet | undefined> {
  const row = await reader
    .selectFrom('policy_sets')
    .selectAll()
    .where('version', '=', version)
    .executeTakeFirst()
  return row && setOf(row)
}

/** Without the texts, newest first. */
export function listSets(
  reader: Reader,
  limit = 100,
): Promise<readonly Omit<PublishedSet, 'text' | 'schema'>[]> {
  return reader
    .selectFrom('policy_sets')
    .select(['version', 'digest', 'note', 'published_by as by', 'published_at as at'])
    .orderBy('version', 'desc')
    .limit(limit)
    .execute()
}

export async function insertSet(tx: Tx, set: PublishedSet): Promise<void> {
  await tx
    .insertInto('policy_sets')
    .values({
      version: set.version,
      text: set.text,
      schema_text: set.schema,
      digest: set.digest,
      note: set.note,
      published_by: set.by,
      published_at: set.at,
    })
    .execute()
}

function setOf(row: Selectable<Schema['policy_sets']>): PublishedSet {
  return {
    version: row.version,
    text: row.text,
    schema: row.schema_text,
    digest: row.digest,
    note: row.note,
    by: row.published_by,
    at: row.published_at,
  }
}
