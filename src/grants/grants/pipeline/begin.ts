import { type CredentialUse, credentialStep } from '../../../identity/agent-authentication/index.ts'
import type { Proof } from '../../../identity/possession/index.ts'
import type { LedgerEvent } from '../../../platform/ledger/index.ts'
import {
  consumeOnce,
  consumeOnceStep,
  Guard,
  returnUseStep,
  type Step,
  type Tx,
  type WriteConflict,
} from '../../../platform/storage/index.ts'
import { PROOF_GUARD, proofStep } from '../../../tasks/facts/index.ts'
import { openSteps, type Task } from '../../../tasks/tasks/index.ts'
import type { GrantParts } from '../parts.ts'

/** One thing more that is used up with the opening. */
export interface SingleUse {
  readonly kind: 'subject_token' | 'ticket'
  readonly replayKey: string
  readonly expiresAt: number
}

const ONCE_GUARDS = {
  subject_token: new Guard('unused subject token', [
    'subject_token.replayed',
    'the subject token was used before',
  ]),
  ticket: new Guard('unused ticket', ['ticket.replayed', 'the ticket was used before']),
} as const

export function useOnceStep(
  { storage }: Pick<GrantParts, 'storage'>,
  { expiresAt, kind, replayKey: key }: SingleUse,
): Step {
  return consumeOnceStep(storage.read, ONCE_GUARDS[kind], { kind, key, expiresAt })
}

/** Gives it back, where no client was told of the task that it opened. */
export function returnOnceStep(
  { storage }: Pick<GrantParts, 'storage'>,
  { kind, replayKey: key }: SingleUse,
): Step {
  return returnUseStep(storage.read, { kind, key })
}

/** Uses it up within a transaction. @throws Problem `subject_token.replayed`, `ticket.replayed` */
export async function useOnce(tx: Tx, { expiresAt, kind, replayKey }: SingleUse): Promise<void> {
  if (!(await consumeOnce(tx, kind, replayKey, expiresAt))) throw ONCE_GUARDS[kind].problem()
}

/** Uses up a proof within a transaction. @throws Problem `proof.replayed` */
export async function useProof(tx: Tx, { expiresAt, replayKey }: Proof): Promise<void> {
  if (!(await consumeOnce(tx, 'dpop', replayKey, expiresAt))) throw PROOF_GUARD.problem()
}

/**
 * Begins a task in the one transaction that uses up its credentials. Everything or nothing: answers the guard that
 * failed.
 */
export async function beginTask(
  parts: Pick<GrantParts, 'ledger' | 'live' | 'storage'>,
  task: Task,
  given: {
    readonly requester: {
      /** None of a client that proves nothing of itself. */
      readonly assertion: CredentialUse | undefined
      readonly proof: Proof | undefined
    }
    readonly also?: SingleUse | undefined
    readonly guards?: readonly Step[] | undefined
    readonly record: Partial<LedgerEvent>
  },
): Promise<Guard | undefined> {
  const { also, requester, guards, record } = given
  const { assertion, proof } = requester
  const done = await parts.live.commit(parts.storage, [
    ...(proof ? [proofStep(parts, proof)] : []),
    ...(assertion ? [credentialStep(parts.storage.read, assertion)] : []),
    ...(also ? [useOnceStep(parts, also)] : []),
    ...openSteps(parts, task, record, guards),
  ])
  return done.committed ? undefined : done.failed
}

const MAX_TRIES = 3

/** Plans and begins, and again where bases changed meanwhile, a few times. */
export async function untilBasesHold<T extends { readonly outcome: string }>(
  attempt: () => Promise<T | WriteConflict>,
): Promise<T | WriteConflict> {
  for (let tries = 1; tries < MAX_TRIES; tries++) {
    const answer = await attempt()
    if (answer.outcome !== 'overtaken') return answer
  }
  return attempt()
}
