import { reachOfPerson } from '../../analysis/index.ts'
import { Problem } from '../../lib/problem.ts'
import type { OperationInput } from '../../operation-kit/operation.ts'
import { findPerson, findPersonsByEmail, type Person } from '../../people/index.ts'
import type { Meaning } from '../../sessions/index.ts'
import { countUnclosed, type TasksOf } from '../../tasks/index.ts'
import { requireAgent } from '../agents/shown-agent.ts'
import type { Input, Operation } from '../operation.ts'
import type { ApiParts } from '../parts.ts'
import { meaningOfAgent } from './of-agent.ts'
import { meaningOfApproval, meaningOfBreakGlass } from './of-approval.ts'
import { meaningOfImport } from './of-import.ts'
import { meaningOfPolicies } from './of-policies.ts'
import { meaningOfRisks } from './of-risks.ts'
import { changedLines } from './reach-lines.ts'
import { said } from './words.ts'

type Means = (parts: ApiParts, given: OperationInput, caller: Person) => Promise<Meaning>

/** Acts whose difference to what is in force can be told. */
const DIFFERENCES: Readonly<Record<string, Means>> = {
  'agents.register': meaningOfAgent,
  'agents.resume': meaningOfResumedAgent,
  'agents.set_limits': meaningOfAgent,
  'groups.add_member': meaningOfMember,
  'people.permit_passkey': meaningOfPasskey,
  'people.resume': meaningOfResumedPerson,
  'policies.publish': meaningOfPolicies,
  'policies.publish_again': meaningOfPolicies,
  'resources.accept_risks': meaningOfRisks,
  'resources.import': meaningOfImport,
  'requests.approve': meaningOfApproval,
  'breakglass.open': meaningOfBreakGlass,
  'standins.add': meaningOfStandIn,
}

/** Says what an act would do. @throws Problem it would be refused, as things are */
export async function meaningOf(
  parts: ApiParts,
  { confirms, id, says }: Pick<Operation, 'confirms' | 'id' | 'says'>,
  { body, params }: Pick<Input, 'body' | 'params'>,
  caller: Person,
): Promise<Meaning> {
  const given = { body: membersOf(body), params: membersOf(params) }
  const sentence = confirms?.(given) ?? says
  return (await DIFFERENCES[id]?.(parts, given, caller)) ?? { sentence, facts: [] }
}

async function meaningOfResumedAgent(
  parts: ApiParts,
  { params }: OperationInput,
): Promise<Meaning> {
  const agentId = said(params.name)
  await requireAgent(parts, agentId)
  return {
    sentence: `Let the suspended agent ${agentId} work again`,
    facts: await openTasksFact(parts, { agentId }),
  }
}

async function meaningOfResumedPerson(
  parts: ApiParts,
  { params }: OperationInput,
): Promise<Meaning> {
  const person = await findPerson(parts.people.storage.read, said(params.id))
  if (!person) throw new Problem('person.unknown', `there is no person \`${said(params.id)}\``)
  return {
    sentence: `Let what is done for ${person.name} continue`,
    facts: await openTasksFact(parts, { personId: person.id }),
  }
}

/** Fact about the tasks that come back: a thief who has the key of one has it still. */
async function openTasksFact(parts: ApiParts, of: TasksOf): Promise<Meaning['facts']> {
  const count = await countUnclosed(parts.decisions.storage.read, of)
  const words = count === 0 ? 'none' : `${count}, which can go on with the keys that they have`
  return [['Open tasks', words]]
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

async function meaningOfPasskey(parts: ApiParts, { params }: OperationInput): Promise<Meaning> {
  const person = await findPerson(parts.people.storage.read, said(params.id))
  if (!person) throw new Problem('person.unknown', `there is no person \`${said(params.id)}\``)
  return {
    sentence: `Let ${person.name} enrol a new first passkey`,
    facts: [
      ['Person', `${person.name}${person.email === undefined ? '' : `, ${person.email}`}`],
      [
        'Make sure',
        'that it was this person who asked you, not a stranger who can sign in as them',
      ],
    ],
  }
}

async function meaningOfStandIn(parts: ApiParts, { body }: OperationInput): Promise<Meaning> {
  const { read } = parts.people.storage
  const typed = said(body.stand_in)
  const found = [await findPerson(read, typed), ...(await findPersonsByEmail(read, typed))]
  const known = found.flatMap((each) => (each ? [`${each.name}, ${each.issuer}`] : []))
  return {
    sentence: `Let ${typed} answer for you`,
    facts: [
      ['Person', known.join(' or ') || 'no known person'],
      ['From', body.starts_at === undefined ? 'now' : said(body.starts_at)],
      ['Until', said(body.ends_at)],
    ],
    consequences: [
      'They answer the access requests of others that you may answer, unless a rule asks for you in person.',
      'You can end it at any time, and so can they.',
    ],
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null
    ? (value as Readonly<Record<string, unknown>>) // plain JSON, or what the router read from the path
    : {}
}
