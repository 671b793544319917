import {
  type Detail,
  type ForbidRef,
  type IssuanceFacts,
  type IssuanceJudgment,
  issuable,
  type Requestable,
  uniqueForbids,
} from '@remit/engine'
import { liftedForTask } from '../../approvals/approvals/index.ts'
import type { CatalogView } from '../../catalog/catalog/index.ts'
import type { Agent } from '../../identity/agents/index.ts'
import type { Person } from '../../identity/people/index.ts'
import type { LiveView } from '../../platform/revocation/index.ts'
import { CLOSED } from '../../policy/policy/index.ts'
import type { JudgedIssuance } from '../../tasks/decision-log/index.ts'
import {
  agentEntity,
  contextOf,
  type FactParts,
  groupEntities,
  intersecting,
  personEntity,
  type Setting,
  type SpaceContext,
  spaceEntities,
} from '../../tasks/facts/index.ts'
import type { Task, TaskLineage } from '../../tasks/tasks/index.ts'
import { type IssuanceContext, issueAction, type Token } from './issuing.ts'
import { OPENING_WORDS } from './question.ts'
import { type GrantRefusal, refused } from './refusal.ts'

/** Risk of tokens without a call: nothing is unusual about them. */
const NO_RISK = { class: 'low' } as const
/** Parties for whom a task would be opened, and its place. */
export interface OpeningParties {
  readonly person: Person
  /** The chain, the one that acts first. */
  readonly agents: readonly Agent[]
  readonly sponsored: boolean
  readonly where: SpaceContext | undefined
  readonly purpose: string
  /** Agents that acted elsewhere before all of them. */
  readonly actors?: Task['actors']
  /** Views in which all of them are alive, owners too, and the rules. */
  readonly views: readonly LiveView[]
}

/** Terms for questions to people: whether they may be asked, and what they lifted already. */
export interface PeopleTerms {
  readonly asksPeople?: boolean
  readonly lifted?: readonly ForbidRef[]
}

/**
 * Cuts a task's details to what policies leave of them: a resource at which they let no token be
 * issued by this grant is left out. `details` is empty for a task that only hands on; then it is
 * `mayDelegate` that has to have something left.
 * Where people may be asked, what only they stand in the way of is not left out, and `forbids` says
 * what they would have to lift.
 */
export async function issuedWithin<
  T extends { readonly details: readonly Detail[]; readonly mayDelegate: readonly Detail[] },
>(
  parts: Pick<FactParts, 'clock' | 'facts' | 'policies'>,
  openers: OpeningParties,
  issuing: IssuanceContext,
  given: PeopleTerms & { readonly catalog: CatalogView; readonly got: T },
): Promise<{ readonly got: T; readonly forbids: readonly Requestable[] } | GrantRefusal> {
  const { asksPeople, catalog, got, lifted } = given
  // INVARIANT: policies are taken after the views that watch over them were read.
  const policies = await parts.policies.active()
  const facts = await issuanceFacts(parts, openers, issuing)
  const action = issueAction('access_token', issuing)
  const judged = new Map<string, LiftableIssuance>()
  const forbids: Requestable[] = []
  const allows = (location: string) => {
    const resource = catalog.byIdentifier.get(location)?.name ?? location
    const asked = { action, resource, lifted: lifted ?? [], policyVersion: policies.version }
    const answer =
      judged.get(location)?.answer ?? issuable(facts, { action, resource }, policies, lifted)
    judged.set(location, { ...asked, facts, answer })
    if (answer.allowed || answer.reason !== 'issuance.needs_approval' || !asksPeople)
      return answer.allowed
    forbids.push(...answer.forbids)
    return true
  }
  const details = detailsAllowedAt(got.details, allows)
  const left = got.details.length > 0 ? details : detailsAllowedAt(got.mayDelegate, allows)
  if (left.length > 0) return { got: { ...got, details }, forbids: uniqueForbids(forbids) }
  return notIssuable([...judged.values()])
}

/** A token of a task that is open. */
export interface TokenOf {
  readonly held: TaskLineage
  /** Catalog name; of an assertion, the server that it is for, too. */
  readonly resource: string
  readonly setting: Setting
}

/**
 * Refuses a token that policies do not let be issued, whether or not people were asked about it:
 * `lifted` are the forbids that they lifted for it.
 */
export async function mayIssueAt(
  parts: Pick<FactParts, 'clock' | 'policies' | 'storage'>,
  of: TokenOf,
  token: Token,
  issuing: IssuanceContext,
  lifted: readonly ForbidRef[] = [],
): Promise<GrantRefusal | undefined> {
  const judged = await tokenGate(parts, of, token, issuing, lifted)
  return judged.answer.allowed ? undefined : notIssuable([judged])
}

/**
 * Cuts the details of a token for a group to members at which policies let one be issued
 * without approval.
 * INVARIANT: a token for many never holds what a token for one of them could not.
 */
export async function issuableDetails(
  parts: Pick<FactParts, 'clock' | 'policies' | 'storage'>,
  given: Pick<TokenOf, 'held' | 'setting'> & {
    readonly details: readonly Detail[]
    readonly catalog: CatalogView
    readonly kind: Token
    readonly issuing: IssuanceContext
  },
): Promise<readonly Detail[] | GrantRefusal> {
  const { catalog, details, issuing, kind } = given
  const refused: LiftableIssuance[] = []
  const left = new Set<string>()
  for (const location of new Set(details.flatMap(({ locations }) => locations))) {
    const resource = catalog.byIdentifier.get(location)?.name ?? location
    const judged = await tokenGate(parts, { ...given, resource }, kind, issuing)
    if (judged.answer.allowed) left.add(location)
    else refused.push(judged)
  }
  if (left.size === 0 && refused.length > 0) return notIssuable(refused)
  return detailsAllowedAt(details, (location) => left.has(location))
}

/**
 * Asks policies about a token; what people lifted when the task opened is lifted for all of its
 * tokens.
 */
export async function tokenGate(
  parts: Pick<FactParts, 'clock' | 'policies' | 'storage'>,
  { held, resource, setting }: TokenOf,
  token: Token,
  issuing: IssuanceContext,
  lifted: readonly ForbidRef[] = [],
): Promise<LiftableIssuance> {
  const policies = await parts.policies.active()
  const now = parts.clock.now()
  const around = { at: now, origin: issuing.origin, risk: NO_RISK }
  const facts: IssuanceFacts = {
    person: setting.personEntity,
    sponsored: held.task.sponsored,
    intersectWith: setting.intersectWith,
    agents: setting.agentEntities,
    entities: setting.entities,
    context: contextOf(around, held, setting),
    closed: CLOSED,
  }
  const asked = { action: issueAction(token, issuing), resource }
  const known = { ...asked, facts, policyVersion: policies.version }
  const first = issuable(facts, asked, policies, lifted)
  if (first.allowed || first.reason !== 'issuance.needs_approval')
    return { ...known, lifted, answer: first }
  const of = { taskId: held.task.id, template: OPENING_WORDS, now }
  const before = await liftedForTask(parts, of)
  const all = [...lifted, ...before]
  return { ...known, lifted: all, answer: issuable(facts, asked, policies, all) }
}

/** Judgment that may have let it be. */
export type LiftableIssuance = Omit<JudgedIssuance, 'answer'> & {
  readonly answer: IssuanceJudgment
}

async function issuanceFacts(
  parts: Pick<FactParts, 'clock' | 'facts'>,
  { actors = [], agents, person, purpose, sponsored, views, where }: OpeningParties,
  { bound, origin }: IssuanceContext,
): Promise<IssuanceFacts> {
  const also = views.at(-1)
  const owners: Person[] = []
  for (const id of new Set(agents.map(({ ownerId }) => ownerId)))
    if (also) owners.push(await parts.facts.person(id, also))
  const people = [person, ...owners, ...(where?.conversation?.participants ?? [])]
  const keyThumbprint = bound ? '' : null
  const task = { id: '', purpose, personId: person.id, sponsored, keyThumbprint, actors }
  const at = parts.clock.now()
  return {
    person: personEntity(person),
    sponsored,
    intersectWith: intersecting(where).map(personEntity),
    agents: agents.map(agentEntity),
    entities: [
      ...people.map(personEntity),
      ...groupEntities(people),
      ...spaceEntities(where?.line ?? []),
    ],
    context: contextOf({ at, origin, risk: NO_RISK }, { task }, { where }),
    closed: CLOSED,
  }
}

function detailsAllowedAt(
  details: readonly Detail[],
  allows: (location: string) => boolean,
): readonly Detail[] {
  return details
    .map((detail) => ({ ...detail, locations: detail.locations.filter(allows) }))
    .filter(({ locations }) => locations.length > 0)
}

/** INVARIANT: which rule it was is for the books, not for the caller. */
export function notIssuable(all: readonly LiftableIssuance[]): GrantRefusal {
  const refusal = refusalOf(all)
  const judged = all.find(isRefusedAs(refusal.reason)) ?? all.find(isRefusedAs(undefined))
  return judged ? { ...refusal, judged } : refusal
}

function isRefusedAs(reason: string | undefined) {
  return (each: LiftableIssuance): each is JudgedIssuance =>
    !each.answer.allowed && (reason === undefined || each.answer.reason === reason)
}

function refusalOf(all: readonly LiftableIssuance[]): GrantRefusal {
  const found = (reason: string) =>
    all.some(({ answer }) => !answer.allowed && answer.reason === reason)
  if (found('policy.error'))
    return refused('policy.error', 'a policy about issuing tokens could not be evaluated')
  return found('issuance.needs_approval')
    ? refused('issuance.approval_needed', 'it needs an approval')
    : refused('issuance.forbidden', 'a policy forbids this token there')
}
