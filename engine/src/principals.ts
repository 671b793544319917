/** Gates 4 and 5: every person and every agent that a call depends on, each asked on its own. */
import type { CallFacts, GateResult } from './gates.ts'
import { type Judgement, judge } from './judge.ts'
import type { PolicyEntity, PolicyQuery, PolicyRecord, PolicySet, Requestable } from './policy.ts'
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
  const judged = [
    ...persons.map(({ uid }) => ({ gate: 'person' as const, id: uid.id, judgement: ask(uid) })),
    ...agents.map(({ uid }) => ({ gate: 'agent' as const, id: uid.id, judgement: ask(uid) })),
  ]
  const what = `${facts.call.action} on ${facts.call.resource}`
  const results = judged.map(({ gate, id, judgement }) => gateResult(gate, id, what, judgement))
  return {
    // INVARIANT: "every agent in the chain is permitted" does not hold for a chain without agents.
    results: agents.length > 0 ? results : [...results, NO_AGENT],
    forbids: judged.flatMap(({ judgement }) =>
      judgement.verdict === 'liftable' ? judgement.forbids : [],
    ),
    permits: [
      ...new Set(
        judged.flatMap(({ judgement: { policies: ids, verdict } }) =>
          verdict === 'permitted' || verdict === 'liftable' ? ids : [],
        ),
      ),
    ],
  }
}

/** Who is asked about, and everything that policies may look at. */
export function principalsOf(
  facts: Pick<CallFacts, 'person' | 'intersectWith' | 'agents' | 'entities'>,
): Principals {
  const { agents, entities, intersectWith, person } = facts
  const known = gathered.get(entities)
  const same =
    known?.person === person && sameItems(known.with, intersectWith) && sameItems(known.by, agents)
  if (known && same) return known.principals
  const principals = gather(facts)
  gathered.set(entities, { person, with: intersectWith, by: agents, principals })
  return principals
}

interface Principals {
  readonly persons: readonly PolicyEntity[]
  readonly agents: readonly PolicyEntity[]
  readonly entities: readonly PolicyEntity[]
}

/**
 * Many calls come with the very same entities, none of which ever changes: what was gathered of them is found again, and so is what a set of
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

function gather(
  facts: Pick<CallFacts, 'person' | 'intersectWith' | 'agents' | 'entities'>,
): Principals {
  const persons = uniqueEntities([facts.person, ...facts.intersectWith])
  const agents = uniqueEntities(facts.agents)
  const entities = uniqueEntities([...persons, ...agents, ...facts.entities])
  return { persons, agents, entities }
}

const NO_AGENT: GateResult = {
  gate: 'agent',
  passed: false,
  reason: 'agent.not_permitted',
  detail: 'no agent is named',
  enough: 'a task that an agent holds',
}

/** What gates 4 and 5 ask the policies about each principal, for explaining. @throws RangeError as `policyArguments` */
export function queriesOf(
  facts: CallFacts,
): readonly { readonly gate: PrincipalGate; readonly query: PolicyQuery }[] {
  const { agents, entities, persons } = principalsOf(facts)
  const { action, resource } = facts.call
  const context = {
    ...contextAround(facts),
    args: { record: policyArguments(facts.call.arguments) },
  }
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
    context = {
      ...contextAround(facts),
      args: { record: policyArguments(facts.call.arguments) },
    }
  } catch (error) {
    const note = error instanceof Error ? error.message : String(error)
    return () => ({ verdict: 'error', policies: [], note })
  }
  return (principal) => judge({ principal, action, resource, context, entities }, policies)
}

/**
 * What policies see beside the arguments. The same for all principals: rules tell the current agent from the others by
 * `context.agent`.
 */
export function contextAround({
  agents,
  context,
  person,
  sponsored,
}: Pick<CallFacts, 'agents' | 'context' | 'person' | 'sponsored'>): PolicyRecord {
  const { agent: _, args: __, person: ___, ...given } = context
  const [current] = agents
  return {
    ...given,
    chain: { set: agents.map(({ uid }) => ({ entity: uid })) },
    ...(current ? { agent: { entity: current.uid } } : {}),
    ...(sponsored ? {} : { person: { entity: person.uid } }),
  }
}

/** Each entity once, the first one given: people and agents of the call come before facts that might repeat them. */
function uniqueEntities(entities: readonly PolicyEntity[]): PolicyEntity[] {
  const found = new Map<string, PolicyEntity>()
  for (const entity of entities) {
    const key = `${entity.uid.type}::${entity.uid.id}`
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
