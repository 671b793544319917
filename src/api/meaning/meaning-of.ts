import { reachOfPerson } from '../../analysis/index.ts'
import type { OperationInput } from '../../api-operations/operation.ts'
import { Problem } from '../../lib/problem.ts'
import { findPerson } from '../../people/index.ts'
import type { Meaning } from '../../sessions/index.ts'
import type { Input, Operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { meaningOfAgent } from './of-agent.ts'
import { meaningOfImport } from './of-import.ts'
import { meaningOfPolicies } from './of-policies.ts'
import { meaningOfRisks } from './of-risks.ts'
import { changedLines } from './reach-lines.ts'
import { said } from './words.ts'

type Means = (parts: ApiParts, given: OperationInput) => Promise<Meaning>

/** Acts whose difference to what is in force can be told. */
const DIFFERENCES: Readonly<Record<string, Means>> = {
  'agents.register': meaningOfAgent,
  'agents.set_limits': meaningOfAgent,
  'groups.add_member': meaningOfMember,
  'policies.publish': meaningOfPolicies,
  'policies.publish_again': meaningOfPolicies,
  'resources.accept_risks': meaningOfRisks,
  'resources.import': meaningOfImport,
}

/** Says what an act would do; also that it would be refused, if it would be as things are. */
export async function meaningOf(
  parts: ApiParts,
  { confirms, id, says }: Pick<Operation, 'confirms' | 'id' | 'says'>,
  { body, params }: Pick<Input, 'body' | 'params'>,
): Promise<Meaning> {
  const given = { body: membersOf(body), params: membersOf(params) }
  const sentence = confirms?.(given) ?? says
  try {
    return (await DIFFERENCES[id]?.(parts, given)) ?? { sentence, facts: [] }
  } catch (error) {
    if (!(error instanceof Problem)) throw error
    return { sentence, facts: [], refused: error.detail }
  }
}

async function meaningOfMember(parts: ApiParts, { params }: OperationInput): Promise<Meaning> {
  const group = said(params.name)
  const person = await findPerson(parts.people.storage.read, said(params.id))
  if (!person) throw new Problem('person.unknown', `there is no person \`${said(params.id)}\``)
  const groups = [...new Set([...person.groups, group])].toSorted()
  return {
    sentence: `Put ${person.name} into the group ${group}`,
    facts: [
      ['Person', `${person.name}${person.email === undefined ? '' : `, ${person.email}`}`],
      ['In groups now', person.groups.join(', ') || 'none'],
    ],
    consequences: changedLines(await reachOfPerson(parts.decisions, person, { ...person, groups })),
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>) // plain JSON, or what the router read from the path
    : {}
}
