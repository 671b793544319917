import type {
  CallFacts,
  Detail,
  PolicyEntity,
  PolicyRecord,
  PolicyValue,
  Risk,
  TypedArguments,
} from '@remit/engine'
import { exact } from '@remit/engine'
import { isRisk } from '../../../catalog/catalog/index.ts'
import type { ActionTypes } from '../impossible/schema-types.ts'
import { attributeRecord } from '../person-attributes.ts'
import type { CaseAgent, CaseFile, CasePerson, PolicyCase } from './case.ts'
import { caseArguments, caseContextValue, fitsArgument, neutralRecord } from './case-value.ts'
import { BadFile } from './tree.ts'

/** One call that a case stands for. */
export interface CaseCall {
  readonly person: string
  readonly agent: string
  readonly action: string
}

/** Time when a test gives none: a Monday morning. A test must not depend on when it runs. */
const SOME_MORNING = '2026-01-05T10:00:00.000Z'
const SOME_ADDRESS = '192.0.2.1'
const LOCATION = 'test'

/**
 * Builds the facts that the gates look at: those of a call that nothing but policies stands in the
 * way of.
 */
export function factsOfCase(
  file: CaseFile,
  of: PolicyCase,
  call: CaseCall & { readonly isOnly: boolean },
  types: ActionTypes,
): CallFacts {
  const { action, agent, isOnly, person } = call
  const represented = personEntity(file, person)
  const present = of.participants.map((name) => personEntity(file, name))
  const agents = [agent, ...of.above].map((name) => agentEntity(file, name))
  const risk = riskOf(of, types)
  const details: readonly Detail[] = [
    { type: 'remit_call', locations: [LOCATION], actions: [action], bounds: [] },
  ]
  const resource = action.split('.')[0] ?? action
  return {
    credential: { gate: 'credential', passed: true, detail: '' },
    liveness: { gate: 'liveness', passed: true, detail: '' },
    details,
    call: {
      location: LOCATION,
      resource,
      action,
      risk,
      arguments: givenArguments(of, types, isOnly),
    },
    kindOf: () => undefined,
    person: represented,
    sponsored: of.sponsored,
    intersectWith: of.intersect ? present : [],
    agents,
    entities: others(file, of, [represented, ...present], resource),
    context: contextOf(file, of, person, risk, types),
    external: [],
    lifted: [],
    budgets: [],
    obligations: [],
    doable: [],
  }
}

function riskOf({ risk }: PolicyCase, { groups }: ActionTypes): Risk {
  const own = groups.find((group) => group.startsWith('risk:'))?.slice('risk:'.length)
  return risk ?? (isRisk(own) ? own : 'low')
}

/**
 * Gives an action, of several, the arguments that it has, as far as they are of its type: an
 * amount of one API may be a count at another. At least one action has to have each argument;
 * that is checked before (`run-cases.ts`).
 */
function givenArguments(
  { args, loose }: PolicyCase,
  { args: type }: ActionTypes,
  isOnly: boolean,
): TypedArguments {
  if (!args) return new Map()
  const members =
    !loose && isOnly
      ? args.members
      : new Map([...args.members].filter((each) => fitsArgument(each, type)))
  return caseArguments({ ...args, members }, type)
}

function contextOf(
  file: CaseFile,
  of: PolicyCase,
  person: string,
  risk: Risk,
  { context: type }: ActionTypes,
): PolicyRecord {
  const now = timeOf(of)
  const requester = of.requester ?? (of.sponsored ? undefined : person)
  const told: Record<string, PolicyValue> = {
    now: { datetime: now },
    risk: type.members.get('risk')?.type.is === 'Record' ? { record: { class: risk } } : risk,
    ...(requester === undefined ? {} : { requester: personValue(file, requester) }),
    participants: { set: of.participants.map((name) => personValue(file, name)) },
    task: { record: { id: 'tsk_test', purpose: of.purpose ?? 'a test' } },
    token: { record: { bound: of.bound } },
    origin: { record: { ip: of.ip ?? SOME_ADDRESS } },
    ...(of.space === undefined ? {} : { space: { entity: { type: 'Space', id: of.space } } }),
  }
  for (const [name, tree] of of.context) {
    const member = type.members.get(name)
    if (!member) {
      const known = [...type.members.keys()].join(', ')
      throw new BadFile(tree.line, `the context has no \`${name}\``, `it has ${known}`)
    }
    const value = caseContextValue(tree, member.type, name)
    // Of how a call is weighed, a test says what it is about; the class is known.
    const weighed = name === 'risk' && typeof value === 'object' && 'record' in value
    told[name] = weighed ? { record: { class: risk, ...value.record } } : value
  }
  const there = Object.fromEntries(Object.entries(told).filter(([name]) => type.members.has(name)))
  const { agent: _, chain: __, ...filled } = neutralRecord(type, there, now)
  return filled
}

function timeOf({ now }: PolicyCase): string {
  if (!now) return SOME_MORNING
  const key = exact('datetime', now.text)?.key
  if (typeof key !== 'bigint')
    throw new BadFile(now.line, '`now` is a time such as 2026-01-05T10:00:00Z')
  return new Date(Number(key)).toISOString()
}

function personValue(file: CaseFile, name: string): PolicyValue {
  return { entity: { type: 'Person', id: file.people.get(name)?.id ?? name } }
}

const NOBODY: CasePerson = {
  id: 'somebody',
  groups: [],
  email: undefined,
  attributes: {},
}
const PLAIN_AGENT: CaseAgent = { trust: 3, owner: undefined }

function personEntity(file: CaseFile, name: string): PolicyEntity {
  const { attributes, email, groups, id } = file.people.get(name) ?? { ...NOBODY, id: name }
  return {
    uid: { type: 'Person', id },
    attributes: {
      issuer: 'test',
      subject: name,
      ...(email === undefined ? {} : { email }),
      ...attributeRecord(attributes),
    },
    parents: groups.map((group) => ({ type: 'Group', id: group })),
  }
}

function agentEntity(file: CaseFile, name: string): PolicyEntity {
  const { origin = 'registered', owner = NOBODY.id, trust } = file.agents.get(name) ?? PLAIN_AGENT
  return {
    uid: { type: 'Agent', id: name },
    attributes: { trust: { integer: String(trust) }, owner: personValue(file, owner), origin },
    parents: [],
  }
}

/** Owners, groups, the resource, the space. */
function others(
  file: CaseFile,
  of: PolicyCase,
  people: readonly PolicyEntity[],
  resource: string,
): readonly PolicyEntity[] {
  const owners = [...new Set([...of.agents, ...of.above])].map((name) =>
    personEntity(file, file.agents.get(name)?.owner ?? NOBODY.id),
  )
  const groups = new Set(
    [...people, ...owners].flatMap(({ parents }) => parents.map(({ id }) => id)),
  )
  const bareEntity = (type: 'Group' | 'Resource' | 'Space', id: string): PolicyEntity => ({
    uid: { type, id },
    attributes: {},
    parents: [],
  })
  return [
    ...owners,
    ...Array.from(groups, (id) => bareEntity('Group', id)),
    bareEntity('Resource', resource),
    ...(of.space === undefined ? [] : [bareEntity('Space', of.space)]),
  ]
}
