import {
  couldPermit,
  type Detail,
  granted,
  intersect,
  issuable,
  type ReachFacts,
} from '@remit/engine'
import {
  type Action,
  type CatalogView,
  countedRisk,
  type Resource,
} from '../../../catalog/catalog/index.ts'
import type { GrantParts } from '../../../grants/grants/index.ts'
import type { ProblemCode } from '../../../platform/lib/problem.ts'
import type { LiveView } from '../../../platform/revocation/index.ts'
import { CLOSED } from '../../../policy/policy/index.ts'
import { limitsOver, peekBudgets, subjectsOf } from '../../../tasks/budgets/index.ts'
import { standsOn } from '../../../tasks/consent/index.ts'
import { codeOf } from '../../../tasks/decision-log/index.ts'
import {
  agentEntity,
  callable,
  contextsOf,
  groupEntities,
  livenessOf,
  personEntity,
} from '../../../tasks/facts/index.ts'
import { limitsOf, type Parties } from './parties.ts'
import type { IssuanceRequest } from './question.ts'

/** Authority that the parties could have at one resource. */
export interface ReachAt {
  readonly resource: Resource
  /** Reason for which nothing at all is to be had there. */
  readonly nothing: ProblemCode | undefined
  /**
   * Details that are left of one action: within every ceiling and basis, and permitted to everyone
   * for some arguments.
   */
  left(action: string): readonly Detail[]
  readonly actions: readonly Action[]
  /** Time when the first of the bases ends that anything of it comes from; epoch milliseconds. */
  readonly until: number
  readonly view: LiveView
}

/**
 * Reach by the gates that decide calls, as lists of tools are made; each resource is looked at
 * once.
 */
export class Reaches {
  readonly #parts: GrantParts
  readonly #parties: Parties
  readonly #around: ReachContext
  readonly #known = new Map<string, Promise<ReachAt>>()

  private constructor(parts: GrantParts, parties: Parties, around: ReachContext) {
    this.#parts = parts
    this.#parties = parties
    this.#around = around
  }

  static async of(parts: GrantParts, parties: Parties, request: IssuanceRequest): Promise<Reaches> {
    return new Reaches(parts, parties, await aroundOf(parts, parties, request))
  }

  get views(): readonly LiveView[] {
    return [...this.#parties.views, this.#around.limits]
  }

  /** `issues`: the kinds of token that are asked about, each of which may be issued there. */
  at(resource: Resource, issues: readonly string[]): Promise<ReachAt> {
    const key = [resource.name, ...issues].join(' ')
    const known = this.#known.get(key) ?? this.#at(resource, issues)
    this.#known.set(key, known)
    return known
  }

  async #at(resource: Resource, issues: readonly string[]): Promise<ReachAt> {
    const { catalog, contexts, facts, policies } = this.#around
    const view = await this.#parts.live.view([{ kind: 'resource', id: resource.name }])
    const actions = catalog.actionsOf(resource.name).filter(({ quarantined }) => !quarantined)
    const none = (nothing: ProblemCode): ReachAt => ({
      ...{ resource, nothing, actions: [], until: 0, view },
      left: () => [],
    })
    const alive = livenessOf(view)
    if (!alive.passed) return none(codeOf(alive.reason ?? ''))
    const about = { ...facts, context: contexts.low, closed: CLOSED }
    for (const action of issues) {
      const answer = issuable(about, { action, resource: resource.name }, policies)
      if (!answer.allowed)
        return none(answer.reason === 'policy.error' ? answer.reason : 'issuance.forbidden')
    }
    const all = detailOf(resource, ...actions.map(({ name }) => name))
    const within = this.#within([all])
    if ('nothing' in within) return none(within.nothing)
    const could = couldPermit({ ...facts, details: within.details }, policies)
    const left = memo((name) => {
      const action = catalog.actions.get(name)
      if (action?.resource !== resource.name) return []
      if (!could(callable({ action, resource }, contexts[countedRisk(action)]))) return []
      return intersect([detailOf(resource, action.name)], within.details, catalog.kindOf)
    })
    return { resource, nothing: undefined, actions, left, until: this.#until(within.details), view }
  }

  #within(
    all: readonly Detail[],
  ): { readonly details: readonly Detail[] } | { readonly nothing: ProblemCode } {
    const { agents, bases } = this.#parties
    const { kindOf } = this.#around.catalog
    const possible = agents.reduce<readonly Detail[]>(
      (left, { ceiling }) => intersect(left, ceiling, kindOf),
      all,
    )
    if (possible.length === 0) return { nothing: 'task.beyond_ceiling' }
    const details = agents.reduce<readonly Detail[]>((left, { ceiling }, i) => {
      const limits = { ceiling, bases: limitsOf(this.#parties, bases[i] ?? []) }
      return granted(left, limits, kindOf)
    }, all)
    return details.length === 0 ? { nothing: 'task.beyond_basis' } : { details }
  }

  #until(details: readonly Detail[]): number {
    const { bases, until } = this.#parties
    const { kindOf } = this.#around.catalog
    const used = bases.flatMap((of) => standsOn({ details, mayDelegate: [] }, of, kindOf))
    const ends = used.map(({ expiresAt }) => expiresAt ?? Number.POSITIVE_INFINITY)
    return Math.min(until, ...ends)
  }
}

interface ReachContext {
  readonly catalog: CatalogView
  readonly policies: Awaited<ReturnType<GrantParts['policies']['active']>>
  readonly contexts: ReturnType<typeof contextsOf>
  readonly facts: Omit<ReachFacts, 'details'> & { readonly details: readonly Detail[] }
  readonly limits: LiveView
}

const ASKED = { gate: 'credential', passed: true, detail: 'the server looked at it' } as const
const ALIVE = { gate: 'liveness', passed: true, detail: 'all of them are alive' } as const
/** A call without an action or arguments: it falls under the limits that every call falls under. */
const ANY_CALL = { action: '', arguments: new Map() }

async function aroundOf(
  parts: GrantParts,
  { agents, person, sponsorGrant, views }: Parties,
  { bound, ip }: IssuanceRequest,
): Promise<ReachContext> {
  // INVARIANT: policies and catalog are taken after the views that watch over them were read.
  const policies = await parts.policies.active()
  const catalog = await parts.catalog.current()
  const also = views.at(-1)
  const people = [person]
  for (const { ownerId } of agents) if (also) people.push(await parts.facts.person(ownerId, also))
  const ids = agents.map(({ id }) => id)
  const subjects = subjectsOf({ personId: person.id, agents: ids, spaces: [] })
  const { limits, view } = await parts.facts.limitsOn(subjects)
  // A limit that is used up for an hour keeps no token back.
  const lasting = limitsOver([], limits).filter(({ limit }) => limit.seconds === undefined)
  const { peeks } = await peekBudgets(parts, lasting, ANY_CALL, parts.clock.now())
  const sponsored = sponsorGrant !== undefined
  const purpose = sponsorGrant?.purpose ?? ''
  const keyThumbprint = bound ? '' : null
  const task = { id: '', purpose, personId: person.id, sponsored, keyThumbprint, actors: [] }
  const circumstances = { at: parts.clock.now(), origin: { ip } }
  return {
    catalog,
    policies,
    contexts: contextsOf(circumstances, { task }, { where: undefined }),
    limits: view,
    facts: {
      credential: ASKED,
      liveness: ALIVE,
      details: [],
      person: personEntity(person),
      sponsored,
      intersectWith: [],
      agents: agents.map(agentEntity),
      entities: [...people.map(personEntity), ...groupEntities(people)],
      external: [],
      obligations: [],
      doable: [],
      budgets: peeks,
    },
  }
}

function detailOf({ identifier }: Resource, ...actions: readonly string[]): Detail {
  return { type: 'remit_call', locations: [identifier], actions, bounds: [] }
}

function memo<T>(make: (name: string) => T): (name: string) => T {
  const known = new Map<string, T>()
  return (name) => {
    const found = known.get(name) ?? make(name)
    known.set(name, found)
    return found
  }
}
