/** Gates 4 and 5: every person and every agent that a call depends on, each asked on its own. */
import type { CallFacts, GateResult } from './gates.ts'
import { type Judgement, judge } from './judge.ts'
import { areKept, keepEntities } from './kept-entities.ts'
import type {
  PolicyEntity,
  PolicyQuery,
  PolicyRecord,
  PolicySet,
  PolicyValue,
  Requestable,
} from './policy.ts'
import { policyArguments } from './policy-value.ts'

export interface PrincipalGates {
  readonly results: readonly GateResult[]
  /** Requestable forbids in the way of someone who is otherwise permitted. */
  readonly forbids: readonly Requestable[]
  /** Every permit that made the answer about one of them. */
  readonly permits: readonly string[]
}

type PrincipalGate = 'person' | 'agent'

/** The person (or sponsor) and, where the space says so, each participant; then each agent in the chain. */
export function judgePrincipals(facts: CallFacts, policies: PolicySet): PrincipalGates {
  const { agents, entities, persons } = principalsOf(facts)
  const ask = questionFor(facts, entities, policies)
  const what = `${facts.call.action} on ${facts.call.resource}`
  const results: GateResult[] = []
  const forbids: Requestable[] = []
  const permits = new Set<string>()
  const judgeOne = (gate: PrincipalGate, uid: PolicyEntity['uid']) => {
    const judgement = ask(uid)
    results.push(gateResult(gate, uid.id, what, judgement))
    const { verdict } = judgement
    if (verdict === 'liftable') forbids.push(...judgement.forbids)
    if (verdict === 'permitted' || verdict === 'liftable')
      for (const id of judgement.policies) permits.add(id)
  }
  for (const { uid } of persons) judgeOne('person', uid)
  for (const { uid } of agents) judgeOne('agent', uid)
  // INVARIANT: "every agent in the chain is permitted" does not hold for a chain without agents.
  if (agents.length === 0) results.push(NO_AGENT)
  return { results, forbids, permits: [...permits] }
}

/** Collects who is asked about, and all that policies may look at. */
export function principalsOf(
  facts: Pick<CallFacts, 'person' | 'intersectWith' | 'agents' | 'entities'>,
): Principals {
  const { agents, entities, intersectWith, person } = facts
  if (!areKept(entities)) return gather(facts)
  const known = gathered.get(entities)
  const same =
    known?.person === person && sameItems(known.with, intersectWith) && sameItems(known.by, agents)
  if (known && same) return known.principals
  const principals = gather(facts)
  keepEntities(principals.entities)
  gathered.set(entities, { person, with: intersectWith, by: agents, principals })
  return principals
}

interface Principals {
  readonly persons: readonly PolicyEntity[]
  readonly agents: readonly PolicyEntity[]
  readonly entities: readonly PolicyEntity[]
}

/**
 * Many calls come with the very same entities (`keepEntities`), none of which ever changes: what was gathered of them is found again, and so is what a set of
 * policies made of that. Pure all the same: equal facts, equal answer.
 */
const gathered = new WeakMap<
  readonly PolicyEntity[],
  {
    readonly person: PolicyEntity
    readonly with: readonly PolicyEntity[]
    readonly by: readonly PolicyEntity[]
    readonly principals: Principals
  }
>()

function sameItems(a: readonly PolicyEntity[], b: readonly PolicyEntity[]): boolean {
  return a === b || (a.length === b.length && a.every((item, i) => item === b[i]))
}

function gather({
  agents: chain,
  entities: others,
  intersectWith,
  person,
}: Pick<CallFacts, 'person' | 'intersectWith' | 'agents' | 'entities'>): Principals {
  const persons = intersectWith.length === 0 ? [person] : unique([person, ...intersectWith])
  const agents = chain.length < 2 ? chain : unique(chain)
  return { persons, agents, entities: unique([...persons, ...agents, ...others]) }
}

const NO_AGENT: GateResult = {
  gate: 'agent',
  passed: false,
  reason: 'agent.not_permitted',
  detail: 'no agent is named',
  enough: 'a task that an agent holds',
}

/**
 * Queries of gates 4 and 5 about each principal, for explaining. @throws RangeError as
 * `policyArguments`
 */
export function queriesOf(
  facts: CallFacts,
): readonly { readonly gate: PrincipalGate; readonly query: PolicyQuery }[] {
  const { agents, entities, persons } = principalsOf(facts)
  const { action, resource } = facts.call
  const context = contextOf(facts)
  const ask =
    (gate: PrincipalGate) =>
    ({ uid }: PolicyEntity) => ({
      gate,
      query: { principal: uid, action, resource, context, entities },
    })
  return [...persons.map(ask('person')), ...agents.map(ask('agent'))]
}

/** One question, asked about each principal in turn. */
function questionFor(
  facts: CallFacts,
  entities: readonly PolicyEntity[],
  policies: PolicySet,
): (principal: PolicyEntity['uid']) => Judgement {
  const { action, resource } = facts.call
  let context: PolicyRecord
  try {
    context = contextOf(facts)
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error)
    return () => ({ verdict: 'error', policies: [], note })
  }
  return (principal) => judge({ principal, action, resource, context, entities }, policies)
}

/** @throws RangeError as `policyArguments` */
function contextOf(facts: CallFacts): PolicyRecord {
  const context = contextAround(facts)
  context.args = { record: policyArguments(facts.call.arguments) }
  return context
}

/**
 * Context that policies see beside the arguments. It is the same for all principals: rules tell the
 * current agent from the others by `context.agent`.
 */
export function contextAround({
  agents,
  context,
  person,
  sponsored,
}: Pick<CallFacts, 'agents' | 'context' | 'person' | 'sponsored'>): {
  [name: string]: PolicyValue
} {
  const [current] = agents
  const around: { [name: string]: PolicyValue } = {
    ...context,
    chain: { set: agents.map(({ uid }) => ({ entity: uid })) },
  }
  // INVARIANT: what was given under these names never stands in for what is said here.
  if ('args' in around) delete around.args
  if (current) around.agent = { entity: current.uid }
  else delete around.agent
  if (!sponsored) around.person = { entity: person.uid }
  else delete around.person
  return around
}

/** Up to here, comparing each with each is faster than hashing. */
const FEW = 16

/** Each entity once, the first one given: people and agents of the call come before facts that might repeat them. */
function unique(entities: readonly PolicyEntity[]): readonly PolicyEntity[] {
  if (entities.length > FEW) return uniqueOfMany(entities)
  const found: PolicyEntity[] = []
  for (const entity of entities) if (!isAmong(found, entity)) found.push(entity)
  return found
}

function isAmong(found: readonly PolicyEntity[], entity: PolicyEntity): boolean {
  const { id, type } = entity.uid
  for (const other of found) {
    if (other === entity || (other.uid.id === id && other.uid.type === type)) return true
  }
  return false
}

function uniqueOfMany(entities: readonly PolicyEntity[]): readonly PolicyEntity[] {
  const found = new Map<string, PolicyEntity>()
  for (const entity of entities) {
    // No type has a space in its name.
    const key = `${entity.uid.type} ${entity.uid.id}`
    if (!found.has(key)) found.set(key, entity)
  }
  return [...found.values()]
}

function gateResult(
  gate: PrincipalGate,
  subject: string,
  what: string,
  judgement: Judgement,
): GateResult {
  const { policies } = judgement
  switch (judgement.verdict) {
    case 'permitted':
      return { gate, passed: true, detail: `${gate} ${subject} may do ${what}`, subject, policies }
    case 'liftable': {
      // Gate 7 speaks about the forbids; apart from them this principal is permitted.
      const detail = `${gate} ${subject} may do ${what} where people approve it`
      return { gate, passed: true, detail, subject, policies }
    }
    case 'denied': {
      const words =
        policies.length > 0 ? forbidden(gate, subject, what) : unpermitted(gate, subject, what)
      return { gate, passed: false, reason: `${gate}.not_permitted`, ...words, subject, policies }
    }
    case 'error':
      return {
        gate,
        passed: false,
        reason: 'policy.error',
        ...FAILED,
        subject,
        policies,
        note: judgement.note,
      }
  }
}

function forbidden(gate: PrincipalGate, subject: string, what: string) {
  return {
    detail: `a policy forbids ${gate} ${subject} to do ${what}`,
    enough: 'nothing that the caller can do: the policy would have to change',
  }
}

function unpermitted(gate: PrincipalGate, subject: string, what: string) {
  return {
    detail: `no policy permits ${gate} ${subject} to do ${what}`,
    enough: `a policy that permits ${what} to ${gate} ${subject}${gate === 'person' ? ' or one of their groups' : ''}`,
  }
}

const FAILED = {
  detail: 'a policy that applies could not be evaluated',
  enough: 'nothing that the caller can do: an administrator has to look at this decision',
} as const
