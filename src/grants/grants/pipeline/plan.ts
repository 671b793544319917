import type { Requestable } from '@remit/engine'
import type { CatalogView } from '../../../catalog/catalog/index.ts'
import type { Agent } from '../../../identity/agents/index.ts'
import type { TrustedIssuer } from '../../../identity/issuers/index.ts'
import type { Person } from '../../../identity/people/index.ts'
import type { Proof } from '../../../identity/possession/index.ts'
import { MINUTE } from '../../../platform/lib/time-units.ts'
import type { Step } from '../../../platform/storage/index.ts'
import type { ConsentRequest } from '../../../tasks/consent/index.ts'
import type { SponsorGrant } from '../../../tasks/sponsorship/index.ts'
import type { OpeningKind, TaskLineage } from '../../../tasks/tasks/index.ts'
import type { GrantRefusal } from '../../issuance/index.ts'
import type { FrozenRequest } from '../frozen-request.ts'
import type { OpeningRequest } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import type { Flow } from './deferral.ts'
import type { GrantedAuthority, UnapprovedGrant, UncoveredAuthority } from './grant.ts'
import { type NewTask, newTask } from './new-task.ts'

/** An agent as it authenticated for this request, with the key that its task will have. */
export interface Requester {
  readonly agent: Agent
  /** Issuers that vouch for the agent, in force. */
  readonly issuers: readonly TrustedIssuer[]
  /** Absent where the client cannot prove a key. */
  readonly proof: Proof | undefined
}

/** A plan is made of these: the request as it was first made, and the agent as it is now. Live and deferred openings alike. */
export interface PlanRequest {
  /** The protocol by which it waits, or would wait; `code`: its person was asked on the page of the authorization endpoint. */
  readonly flow: Flow | 'code'
  readonly request: FrozenRequest
  readonly requester: Requester
  readonly origin: OpeningRequest['origin']
  /** The represented person. Left out where a sponsor grant or a parent task says who it is. */
  readonly person?: Person | undefined
  /** The answer of the person, where they were asked. */
  readonly consent?: ConsentRequest | undefined
  /** Id of the only consent that counts. */
  readonly only?: string | undefined
  /** The ticket as it is shown in this very request: the key that signed it may be withdrawn. */
  readonly ticket?: string
}

/** The grant that a plan came to; an approval, a task and an answer are made of it. */
export type PlannedGrant = Pick<
  GrantedAuthority,
  | 'details'
  | 'mayDelegate'
  | 'delegatesAsked'
  | 'budget'
  | 'person'
  | 'bases'
  | 'missing'
  | 'place'
  | 'views'
  | 'issuing'
>

/** A grant by now, and how its task begins. */
export interface Plan {
  readonly outcome: 'planned'
  readonly grant: PlannedGrant
  readonly openedBy: OpeningKind
  /** All that the task rests on. */
  readonly issuers: readonly TrustedIssuer[]
  readonly parent?: TaskLineage
  readonly sponsorGrant?: SponsorGrant
  /** Held, or counted, in the commit that the task begins in. */
  readonly guards?: (held: TaskLineage) => readonly Step[]
}

export type PlanResult = Plan | UnapprovedGrant<PlannedGrant> | UncoveredAuthority | GrantRefusal

/** The plan, unless people have to be asked about its grant. */
export function unlessForbidden(
  plan: Plan,
  forbids: readonly Requestable[],
  catalog: CatalogView,
): PlanResult {
  if (forbids.length === 0) return plan
  return { outcome: 'needs_approval', grant: plan.grant, forbids, catalog }
}

/** The task that a plan begins, with those above it. INVARIANT: who acts for whom is read from rows, never from a token. */
export async function lineageOf(
  parts: Pick<GrantParts, 'clock' | 'facts' | 'random'>,
  { requester, consent, flow, request }: PlanRequest,
  { grant, issuers, openedBy, parent, sponsorGrant }: Plan,
  fixed: Pick<NewTask, 'id' | 'approvedUntil'> & { readonly handsOnNothing?: boolean | undefined },
): Promise<TaskLineage> {
  const { bases, budget, details, person, place } = grant
  const { lifeSeconds, purpose, way } = request
  const { handsOnNothing, ...planned } = fixed
  const task = await newTask(parts, {
    ...planned,
    ...{ agentId: requester.agent.id, personId: person.id, purpose, lifeSeconds },
    ...{ details, budget, bases, place, issuers, openedBy },
    mayDelegate: handsOnNothing ? [] : grant.mayDelegate,
    keyThumbprint: requester.proof?.thumbprint ?? null,
    // It is not closed by its client, which knows only an address. A client with a key may sleep, and go on in the morning.
    idleMs:
      openedBy === 'code' && !requester.proof ? requester.agent.idleMinutes * MINUTE || null : null,
    actors: way?.kind === 'asserted' ? way.actors : [],
    // Where nothing was shown of the person, they themselves were there to answer.
    proved:
      flow === 'ciba' || flow === 'device'
        ? { authTime: consent?.authTime ?? null, acr: consent?.acr ?? null }
        : request.proved,
    ...(parent ? { parent: parent.task } : {}),
    ...(sponsorGrant ? { sponsorGrant } : {}),
  })
  const { chain = [], above = [] } = parent ?? {}
  return {
    task,
    chain: [task.agentId, ...chain],
    above: parent ? [parent.task, ...above] : [],
    spaces: place.spaces,
  }
}
