import { asDelegates, type KindOf } from '@remit/engine'
import { type Agent, vouchedFor } from '../../agents/index.ts'
import {
  type AskedAuthority,
  type Authority,
  authorityWithin,
  isNothing,
  problemOr,
} from '../../facts/index.ts'
import { Problem } from '../../lib/problem.ts'
import { findPerson } from '../../people/index.ts'
import {
  allLimits,
  allowsAt,
  answersFor,
  type BasisLimits,
  basisLimits,
  findSponsorGrant,
  grantInForce,
  holdGrantSteps,
  listSponsorGrants,
  type SponsorGrant,
  scheduleInWords,
  type Task,
} from '../../tasks/index.ts'
import type { Proof } from '../../tokens/index.ts'
import {
  type Deferred,
  type Opened,
  type Refused,
  refused,
  refusedFor,
  type SponsoredOpening,
} from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { askApprovers } from '../pipeline/ask-approvers.ts'
import { begin, refusedBy } from '../pipeline/begin.ts'
import { type BroughtAgent, type BroughtOrNot, readAgent } from '../pipeline/bring.ts'
import {
  type Asking,
  enter,
  type Granted,
  isUnapproved,
  standsOn,
  type Unapproved,
  unlessAsked,
} from '../pipeline/grant.ts'
import { type NewTask, newTask } from '../pipeline/new-task.ts'
import { withinPlace } from '../pipeline/place.ts'
import { type Attempt, refuseOpening } from '../pipeline/refuse.ts'
import { issuedWithin } from '../token-policy/gate.ts'
import { type Issuing, issuingBy } from '../token-policy/issuing.ts'
import { detailsAt, isRefused, readAsked, readLife } from '../wanted.ts'
import { answerOpening } from './answer.ts'
import { adminBases } from './open-child.ts'

/**
 * Opens a task with nobody present, under a sponsor grant in force (contract 5.2). Purpose and budget are the grant's; the
 * agent may ask for less than all of it. The grant is held, and its rate counted, in the transaction in which the task begins.
 */
export async function openSponsored(
  parts: GrantParts,
  opening: SponsoredOpening,
): Promise<Opened | Deferred | Refused> {
  return openUnderGrant(parts, opening, await readAgent(parts, opening), 'client_credentials')
}

/** Who opens it, and with which key; none where a platform's proxy cannot prove one. */
type Opener = Pick<BroughtAgent, 'agent' | 'assertion' | 'issuers'> & {
  readonly proof: Proof | undefined
}

export async function openUnderGrant(
  parts: GrantParts,
  opening: SponsoredOpening,
  read: BroughtOrNot<Opener>,
  by: 'client_credentials' | 'jwt_bearer',
): Promise<Opened | Deferred | Refused> {
  const found = read.ok && (await findGrant(parts, read.brought.agent, opening.grantId))
  const grant = !found || isRefused(found) ? undefined : found
  const attempt: Attempt = {
    type: 'task.refused',
    proof: read.ok ? read.brought.proof : read.proof,
    about: {
      agent: read.ok ? read.brought.agent.id : read.agentId,
      person: grant?.personId,
      facts: { sponsor_grant: grant?.id },
    },
    ip: opening.origin.ip,
  }
  const refuse = (refusal: Refused) => refuseOpening(parts, attempt, refusal)
  if (!read.ok) return refuse(refusedFor(read.problem))
  if (!grant) return refuse(found && isRefused(found) ? found : UNKNOWN)
  const issuing = { ...issuingBy(by, opening), bound: read.brought.proof !== undefined }
  const asked = { grant, issuing, asking: [] }
  const got = await problemOr(grantUnder(parts, opening, read.brought, asked))
  if (got instanceof Problem) return refuse(refused(got.code, got.detail))
  if (isRefused(got)) return refuse(got)
  if (isUnapproved(got)) {
    const { agent, proof } = read.brought
    return askApprovers(parts, {
      ...{ attempt, brought: read.brought, unapproved: got, grant: by, sponsored: true },
      ...{ chain: [agent.id], defer: opening.defer },
      waiting: {
        ...{ flow: 'deferred', agent, personId: grant.personId },
        thumbprint: proof?.thumbprint ?? null,
        request: {
          ...{ ...opening, purpose: grant.purpose, proved: { authTime: null, acr: null } },
          way: { kind: 'sponsored', by, grantId: grant.id },
        },
      },
    })
  }
  const task = await taskUnder(parts, opening, { brought: read.brought, grant, got })
  const failed = await begin(parts, task, {
    brought: read.brought,
    guards: holdGrantSteps(parts.storage.read, grant, task.openedAt),
    record: { chain: [task.agentId], origin: opening.origin },
  })
  if (failed !== undefined) return refuse(refusedBy(failed))
  return answerOpening(
    parts,
    opening,
    { task, chain: [task.agentId], above: [], spaces: got.place.spaces },
    got,
  )
}

/** INVARIANT: to an agent, the grants of other agents do not exist. */
const UNKNOWN = refused('sponsor_grant.unknown', 'the agent has no such sponsor grant')

async function findGrant(
  parts: GrantParts,
  agent: Agent,
  id: string | undefined,
): Promise<SponsorGrant | Refused> {
  const { read } = parts.storage
  if (id !== undefined) {
    const named = await findSponsorGrant(read, id)
    return named?.agentId === agent.id ? named : UNKNOWN
  }
  const inForceAt = parts.clock.now()
  const [only, another] = await listSponsorGrants(read, { agentId: agent.id, inForceAt, limit: 2 })
  if (another)
    return refused('sponsor_grant.ambiguous', 'the agent has several; name one: `sponsor_grant`')
  return only ?? UNKNOWN
}

export type UnderGrant = Pick<
  Granted,
  'details' | 'mayDelegate' | 'delegatesAsked' | 'person' | 'bases' | 'place' | 'views' | 'issuing'
>

/** Asked ∩ ceiling ∩ the grant ∩ what administrators allow the agent with the sponsor's authority. */
export async function grantUnder(
  parts: GrantParts,
  opening: SponsoredOpening,
  { agent: known, issuers }: Pick<BroughtAgent, 'agent' | 'issuers'>,
  {
    grant,
    issuing,
    ...people
  }: Asking & { readonly grant: SponsorGrant; readonly issuing: Issuing },
): Promise<UnderGrant | Unapproved<UnderGrant> | Refused> {
  const badLife = readLife(opening.lifeSeconds)
  if (badLife) return badLife
  if (opening.budget !== undefined)
    return refused('task.bad_budget', 'the budget is what the sponsor grant says')
  if (opening.purpose !== undefined && opening.purpose !== grant.purpose)
    return refused('task.bad_purpose', 'the purpose is what the sponsor grant says; leave it out')
  const sponsor = await findPerson(parts.storage.read, grant.personId)
  if (!sponsor) throw new Error(`sponsor ${grant.personId} of a grant has no row`)
  const here = await enter(parts, opening, {
    ...{ person: sponsor, agent: known, issuers, sponsored: true },
  })
  if (isRefused(here)) return here
  const not = notInForce(parts, grant, answersFor(sponsor, known))
  if (not) return not
  const catalog = await parts.catalog.current()
  const agent = vouchedFor(known, issuers, catalog.kindOf)
  const wanted = readAsked(opening, catalog) ?? allOf(grant)
  if (isRefused(wanted)) return wanted
  const asked = withinPlace(wanted, here.where, catalog.kindOf)
  if (isRefused(asked)) return asked
  const bases = await adminBases(parts, sponsor.id, agent.id)
  const whole = authorityUnder(asked, agent, { grant, bases: basisLimits(bases) }, catalog.kindOf)
  if (isNothing(asked, whole))
    return refused('task.beyond_basis', 'the sponsor grant covers nothing of what is asked for')
  const { views, where } = here
  const { purpose } = grant
  const openers = { person: sponsor, agents: [agent], sponsored: true, where, purpose, views }
  const got = await issuedWithin(parts, openers, issuing, { catalog, got: whole, ...people })
  if (isRefused(got)) return got
  if (opening.resource !== undefined && detailsAt(got.details, opening.resource).length === 0)
    return refused('task.resource_not_granted', 'nothing was granted at this resource')
  const under: UnderGrant = {
    ...got,
    delegatesAsked: asked.delegates !== undefined,
    person: sponsor,
    bases: standsOn(got, bases, catalog.kindOf),
    place: here.place,
    views,
    issuing,
  }
  return unlessAsked(under, people, catalog)
}

function notInForce(parts: GrantParts, grant: SponsorGrant, answers: boolean): Refused | undefined {
  const now = parts.clock.now()
  if (!grantInForce(grant, now))
    return refused('sponsor_grant.not_in_force', 'the sponsor grant has ended')
  if (!answers)
    return refused(
      'sponsor_grant.not_in_force',
      'the sponsor does not answer for the agent any more',
    )
  if (grant.schedule && !allowsAt(grant.schedule, now))
    return refused(
      'sponsor_grant.not_now',
      `tasks may be opened ${scheduleInWords(grant.schedule)}`,
    )
  return undefined
}

/** Nothing is asked for: all of the grant. */
function allOf(grant: SponsorGrant): AskedAuthority {
  return { calls: grant.details, delegates: grant.mayDelegate ?? undefined }
}

function authorityUnder(
  asked: AskedAuthority,
  agent: Agent,
  { grant, bases }: { grant: SponsorGrant; bases: BasisLimits },
  kindOf: KindOf,
): Authority {
  const { details, mayDelegate } = grant
  const sponsored = { calls: [details], delegates: [mayDelegate ?? asDelegates(details)] }
  return authorityWithin(asked, agent, { bases: allLimits(sponsored, bases) }, kindOf)
}

export function taskUnder(
  parts: GrantParts,
  { lifeSeconds }: Pick<SponsoredOpening, 'lifeSeconds'>,
  given: { brought: Omit<Opener, 'assertion'>; grant: SponsorGrant; got: UnderGrant },
  planned: Pick<NewTask, 'id' | 'approvedUntil'> = {},
): Promise<Task> {
  const { brought, got, grant } = given
  return newTask(parts, {
    ...planned,
    agentId: brought.agent.id,
    personId: grant.personId,
    purpose: grant.purpose,
    details: got.details,
    mayDelegate: got.mayDelegate,
    budget: grant.budget,
    bases: got.bases,
    keyThumbprint: brought.proof?.thumbprint ?? null,
    lifeSeconds,
    place: got.place,
    openedBy: 'sponsor',
    issuers: brought.issuers,
    sponsorGrant: grant,
  })
}
