import {
  callsIn,
  contains,
  containsByType,
  type Detail,
  delegatesIn,
  intersect,
  type KindOf,
  type Requestable,
} from '@remit/engine'
import type { CatalogView } from '../../../catalog/catalog/index.ts'
import type { Agent } from '../../../identity/agents/index.ts'
import {
  agentWithinIssuers,
  type TrustedIssuer,
  trustWithinIssuers,
} from '../../../identity/issuers/index.ts'
import type { Person } from '../../../identity/people/index.ts'
import type { ForeignActor } from '../../../identity/tokens/index.ts'
import type { LiveView } from '../../../platform/revocation/index.ts'
import type { Limit } from '../../../tasks/budgets/index.ts'
import {
  type Basis,
  basesFor,
  basisLimits,
  joinLimits,
  limitsOfLists,
  questionsBehind,
  standsOn,
} from '../../../tasks/consent/index.ts'
import { codeOf } from '../../../tasks/decision-log/index.ts'
import {
  alsoLiveness,
  certifiedAt,
  livenessOf,
  openingKeys,
  type SpaceContext,
} from '../../../tasks/facts/index.ts'
import { checkPurpose } from '../../../tasks/tasks/index.ts'
import {
  type Authority,
  type AuthorityRequest,
  authorityWithin,
  checkSettled,
  type GrantRefusal,
  type IssuanceContext,
  incompleteAuthority,
  isNothing,
  isRefused,
  issuedWithin,
  type MissingAuthority,
  missingOf,
  NOTHING,
  type PeopleTerms,
  readAskedAuthority,
  readLife,
  readLimits,
  refused,
  withinAgent,
} from '../../issuance/index.ts'
import { DORMANT } from '../dormancy.ts'
import type { WantedTask } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import {
  enterPlace,
  findRequestedSpace,
  type Place,
  type RequestedSpace,
  withinPlace,
} from './requested-space.ts'

export interface GrantedAuthority extends Authority {
  readonly outcome: 'granted'
  /** True when it was asked what may be handed on, and the answer says so. */
  readonly delegatesAsked: boolean
  readonly budget: readonly Limit[]
  /** The represented person, or the sponsor. */
  readonly person: Person
  /** Bases that the grant stands on. */
  readonly bases: readonly Basis[]
  /** Parts of the request that it has nothing of. */
  readonly missing?: MissingAuthority | undefined
  readonly place: Place
  /** Views that the opening depends on. */
  readonly views: readonly LiveView[]
  /** Way in which it is issued, which policies let be. */
  readonly issuing: IssuanceContext
  /** Kinds of arguments as of the moment of the grant. */
  readonly kindOf: KindOf
}

/** Within the ceiling, and no basis covers anything of it. */
export interface UncoveredAuthority {
  readonly outcome: 'needs_consent'
  /** All of it: what it would do for the person, and what it would hand on to others. */
  readonly details: readonly Detail[]
  /** Bases that were in force when it was found missing. */
  readonly bases: readonly Basis[]
}

/** It would be granted, and rules want people to approve that it is issued. */
export interface UnapprovedGrant<G = GrantedAuthority> {
  readonly outcome: 'needs_approval'
  readonly grant: G
  readonly forbids: readonly Requestable[]
  readonly catalog: CatalogView
}

export type OpeningGrant = GrantedAuthority | UnapprovedGrant | UncoveredAuthority | GrantRefusal

export interface GrantOptions extends PeopleTerms {
  /** Id of the only consent of the person that counts. */
  readonly only?: string | undefined
  /**
   * Details of an assertion, where it is itself why the agent may act. Whatever else there is
   * limits it all the same.
   */
  readonly asserted?: readonly Detail[] | undefined
}

/**
 * Requested ∩ ceiling ∩ space ∩ every basis (contract 2), for those who are alive, where policies let it be issued. Reads, and
 * writes nothing.
 */
export async function grantOpening(
  parts: GrantParts,
  opening: WantedTask,
  who: GrantParties,
  { asksPeople = false, asserted, lifted = [], only }: GrantOptions,
): Promise<OpeningGrant> {
  checkPurpose(opening.purpose)
  const badLife = readLife(opening.lifeSeconds)
  if (badLife) return badLife
  const { issuers, issuing, newcomer = false } = who
  const { person } = who.subject
  const comers = { person, newcomer, agent: who.agent, issuers, sponsored: false }
  const here = await enter(parts, opening, comers)
  if (isRefused(here)) return here
  // INVARIANT: the catalog is taken after the views that watch over it were read.
  const catalog = await parts.catalog.current()
  const { kindOf } = catalog
  const agent = agentWithinIssuers(who.agent, issuers, kindOf)
  const wanted = readAskedAuthority(opening, catalog)
  if (isRefused(wanted)) return wanted
  if (wanted === undefined || [...wanted.calls, ...(wanted.delegates ?? [])].length === 0)
    return refused('task.nothing_requested', 'send `authorization_details` or `scope`')
  const asked = withinPlace(wanted, here.where, kindOf)
  if (isRefused(asked)) return asked
  const budget = readLimits(opening.budget, catalog)
  if (isRefused(budget)) return budget
  const unsettled = await checkSettled(parts, budget)
  if (unsettled) return unsettled
  const within = withinAgent(asked, agent, kindOf)
  if (isNothing(asked, within))
    return refused('task.beyond_ceiling', "nothing of the request is within the agent's ceiling")
  const inForce = await basesFor(parts.storage.read, {
    personId: person.id,
    agentId: agent.id,
    now: parts.clock.now(),
  })
  const bases = inForce.filter(
    ({ id, kind }) => only === undefined || id === only || kind === 'admin',
  )
  const said = limitsOfLists(asserted ? [asserted] : [])
  const limited = authorityWithin(
    asked,
    agent,
    { bases: joinLimits(basisLimits(bases), said) },
    kindOf,
  )
  const { views, where } = here
  const { purpose } = opening
  const { actors = [] } = who
  const openers = { person, agents: [agent], sponsored: false, where, purpose, actors, views }
  const most = beyondBases(within, { bases, asserted }, kindOf)
  const askableOf = async ({ askable, never }: MissingAuthority): Promise<MissingAuthority> => {
    const whole = { details: callsIn(askable), mayDelegate: delegatesIn(askable) }
    const could = await issuedWithin(parts, openers, issuing, {
      ...{ catalog, got: whole, lifted, asksPeople },
    })
    // People are not asked about details that would not be issued.
    const left = isRefused(could) ? [] : [...could.got.details, ...could.got.mayDelegate]
    const gone = askable.filter((detail) => !containsByType(left, [detail], kindOf))
    return { askable: left, never: [...never, ...gone] }
  }
  const nothing = isNothing(asked, limited)
  const asksToHandOn = { asked, limited, most, answered: only !== undefined }
  if (nothing || (await isToBeHandedOn(parts, { agent, person, bases }, asksToHandOn, kindOf))) {
    if (most.details.length + most.mayDelegate.length === 0)
      return refused(
        'task.beyond_basis',
        'administrators do not allow the agent any of it for this person',
      )
    // People are not asked about details that would not be issued.
    const could = await issuedWithin(parts, openers, issuing, {
      ...{ catalog, got: most, lifted, asksPeople },
    })
    if (isRefused(could)) return could
    const lacks = opening.requireAll ? missingOf(wanted, NOTHING, could.got, kindOf) : undefined
    if (lacks && lacks.never.length > 0) return incompleteAuthority(lacks)
    const details = [...could.got.details, ...could.got.mayDelegate]
    return { outcome: 'needs_consent', details, bases }
  }
  const issuable = await issuedWithin(parts, openers, issuing, {
    ...{ catalog, got: limited, lifted, asksPeople },
  })
  if (isRefused(issuable)) return issuable
  const { forbids, got } = issuable
  const lacks = missingOf(wanted, got, most, kindOf)
  const missing = lacks && (await askableOf(lacks))
  if (opening.requireAll && missing) {
    // The person who answered this very question has given their answer.
    if (missing.never.length > 0 || only !== undefined || !asksPeople)
      return incompleteAuthority(missing)
    return { outcome: 'needs_consent', details: missing.askable, bases }
  }
  const grant: GrantedAuthority = {
    outcome: 'granted',
    missing,
    ...got,
    delegatesAsked: asked.delegates !== undefined,
    budget,
    person,
    bases: standsOn(got, bases, kindOf),
    place: here.place,
    views,
    issuing,
    kindOf,
  }
  return forbids.length === 0 ? grant : { outcome: 'needs_approval', grant, forbids, catalog }
}

interface GrantParties {
  readonly agent: Agent
  readonly subject: { readonly person: Person }
  /** The person would become one with this opening: nothing of them is written. */
  readonly newcomer?: boolean
  readonly issuers: readonly TrustedIssuer[]
  /** Agents that acted elsewhere before the agent. */
  readonly actors?: readonly ForeignActor[]
  readonly issuing: IssuanceContext
}

/**
 * Authority that consent could add at most: within the limits of administrators and
 * issuers.
 */
function beyondBases(
  within: Authority,
  { asserted, bases }: { bases: readonly Basis[]; asserted: readonly Detail[] | undefined },
  kindOf: KindOf,
): Authority {
  const limits = joinLimits(
    basisLimits(bases.filter(({ kind }) => kind === 'admin')),
    limitsOfLists(asserted ? [asserted] : []),
  )
  const cut = (details: readonly Detail[], lists: readonly (readonly Detail[])[]) =>
    lists.reduce((left, list) => intersect(left, list, kindOf), details)
  return {
    details: cut(within.details, limits.calls),
    mayDelegate: cut(within.mayDelegate, limits.delegates),
  }
}

/**
 * Tells whether the person is to be asked about handing on alone: it was asked for, nothing that
 * was allowed before covers any of it, and the person has not left it out of an answer that still
 * counts.
 */
async function isToBeHandedOn(
  parts: Pick<GrantParts, 'storage'>,
  between: { readonly agent: Agent; readonly person: Person; readonly bases: readonly Basis[] },
  found: {
    readonly asked: AuthorityRequest
    readonly limited: Authority
    readonly most: Authority
    /** The question was put and answered for this opening alone. */
    readonly answered: boolean
  },
  kindOf: KindOf,
): Promise<boolean> {
  const { answered, asked, limited, most } = found
  if (answered || !asked.delegates?.length || limited.mayDelegate.length > 0) return false
  if (most.mayDelegate.length === 0) return false
  const { agent, bases, person } = between
  const before = await questionsBehind(parts.storage.read, {
    agentId: agent.id,
    personId: person.id,
    basisIds: bases.map(({ id }) => id),
  })
  return !contains(delegatesIn(before), most.mayDelegate, kindOf)
}

export interface EnteredPlace {
  readonly place: Place
  readonly where: SpaceContext | undefined
  /** Views that the opening depends on, all alive; asked again when it is answered. */
  readonly views: readonly LiveView[]
}

/** Checks that everybody is alive, and let in where the task is to be. */
export async function enter(
  parts: GrantParts,
  wanted: RequestedSpace,
  {
    agent,
    issuers,
    newcomer,
    person,
    sponsored,
  }: {
    person: Person
    newcomer?: boolean
    agent: Agent
    issuers: readonly TrustedIssuer[]
    sponsored: boolean
  },
): Promise<EnteredPlace | GrantRefusal> {
  const place = await findRequestedSpace(parts, wanted)
  if (isRefused(place)) return place
  const view = await parts.live.view(
    openingKeys(
      newcomer ? undefined : person.id,
      agent.id,
      place.spaces,
      issuers.map(({ name }) => name),
    ),
  )
  const alive = livenessOf(view)
  if (!alive.passed) return refused(codeOf(alive.reason ?? ''), alive.detail)
  const found = await enterPlace(parts, place, view, { person, agents: [agent], sponsored })
  if (isRefused(found)) return found
  const gate =
    certifiedAt([agent], parts.clock.now()) ??
    alsoLiveness(found.also, { agents: [trustWithinIssuers(agent, issuers)] })
  if (!gate.passed) return refused(codeOf(gate.reason ?? ''), gate.detail)
  if (await parts.dormancy?.suspends(parts, agent)) return DORMANT
  return { place, where: found.where, views: [view, found.also] }
}
