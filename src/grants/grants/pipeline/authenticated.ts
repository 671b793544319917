import { type CredentialUse, useCredential } from '../../../identity/agent-authentication/index.ts'
import type { Proof } from '../../../identity/possession/index.ts'
import type { LedgerEvent } from '../../../platform/ledger/index.ts'
import type { Id } from '../../../platform/lib/id.ts'
import type { Tx } from '../../../platform/storage/index.ts'
import type { TaskLineage } from '../../../tasks/tasks/index.ts'
import { type Attempt, type GrantRefusal, refuseOpening } from '../../issuance/index.ts'
import type { DeferralOptions, OpeningAnswer, OpeningRequest } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { type SingleUse, useOnce } from './begin.ts'
import type { DeferralRequest } from './defer.ts'
import type { PlanRequest, Requester } from './plan.ts'

/** A live request to open a task, with its caller authenticated and its credentials checked. Nothing is used up yet. */
export interface AuthenticatedOpening extends PlanRequest {
  readonly outcome: 'authenticated'
  readonly requester: Requester & { readonly assertion: CredentialUse | undefined }
  /** Refusals are recorded under it. */
  readonly attempt: Attempt
  /** Used up with the task, beside the assertion and the proof. */
  readonly also?: SingleUse
  readonly defer: DeferralOptions | undefined
  /** True when people may be asked: the person for consent, approvers where rules want them. */
  readonly asksPeople: boolean
  /** Its token is for one resource: there is no task token to hand anything on with. */
  readonly handsOnNothing?: boolean
  /** The scope to answer with, where the plan does not read it. */
  readonly scope?: string | undefined
  /** A last check of the task that would begin, before anything is used up. */
  readonly before?: (held: TaskLineage) => Promise<GrantRefusal | undefined>
}

export interface FailedAuthentication {
  readonly outcome: 'failed'
  readonly attempt: Attempt
  readonly refusal: GrantRefusal
}

/** An answer ends the opening: an open task goes on, or every credential of the request is used up. */
export type AuthenticationResult = AuthenticatedOpening | FailedAuthentication | OpeningAnswer

export function attemptBy(
  { origin }: Pick<OpeningRequest, 'origin'>,
  proof: Proof | undefined,
  about: Partial<LedgerEvent>,
): Attempt {
  return { type: 'task.refused', proof, about, ip: origin.ip }
}

/** `known`: what of the request was checked before it failed. */
export function failedAuthentication(
  request: Pick<OpeningRequest, 'origin'>,
  refusal: GrantRefusal,
  known: { readonly proof?: Proof | undefined; readonly agent?: { readonly id: string } } = {},
): FailedAuthentication {
  const attempt = attemptBy(request, known.proof, { agent: known.agent?.id })
  return { outcome: 'failed', attempt, refusal }
}

export function isFailed(value: object): value is FailedAuthentication {
  return 'outcome' in value && value.outcome === 'failed'
}

/** The request as it waits for people, with a code in the place of its credentials. */
export function waitingOf(
  { requester, request }: AuthenticatedOpening,
  personId: Id<'person'>,
): DeferralRequest {
  const { agent, proof } = requester
  return { flow: 'deferred', agent, personId, thumbprint: proof?.thumbprint ?? null, request }
}

/**
 * INVARIANT: credentials beside the proof are used up with the code that takes their place.
 * @throws Problem `assertion.replayed`, `subject_token.replayed`, `ticket.replayed`
 */
export async function useUpOpening(
  tx: Tx,
  { also, requester }: AuthenticatedOpening,
): Promise<void> {
  const { assertion } = requester
  if (!assertion) throw new TypeError('a request that waits has authenticated')
  await useCredential(tx, assertion)
  if (also) await useOnce(tx, also)
}

export function refuseFailed(
  parts: GrantParts,
  { attempt, refusal }: FailedAuthentication,
): Promise<GrantRefusal> {
  return refuseOpening(parts, attempt, refusal)
}
