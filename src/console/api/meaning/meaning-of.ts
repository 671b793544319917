import type { Person } from '../../../identity/people/index.ts'
import type { ChangeSummary } from '../../../identity/sessions/index.ts'
import type { Input, Operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'

/** Says what an act would do. @throws Problem it would be refused, as things are */
export async function meaningOf(
  parts: ApiParts,
  { confirms, means, says }: Pick<Operation, 'confirms' | 'means' | 'says'>,
  { body, params }: Pick<Input, 'body' | 'params'>,
  caller: Person,
): Promise<ChangeSummary> {
  const given = { body: inputMembers(body), params: inputMembers(params) }
  return (await means?.(parts, given, caller)) ?? { sentence: confirms?.(given) ?? says, facts: [] }
}

function inputMembers(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>) // plain JSON, or what the router read from the path
    : {}
}
