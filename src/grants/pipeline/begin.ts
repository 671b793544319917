import { CREDENTIAL_STEPS, credentialStep } from '../../agent-authentication/index.ts'
import { USE_STEP } from '../../approvals/index.ts'
import { PROOF_STEP } from '../../facts/index.ts'
import { type Refused, refused } from '../../issuance/index.ts'
import type { LedgerEvent } from '../../ledger/index.ts'
import type { ProblemCode } from '../../lib/problem.ts'
import type { Proof } from '../../possession/index.ts'
import { GRANT_STEP, RATE_STEP } from '../../sponsorship/index.ts'
import { consumeOnceStep, type Step } from '../../storage/index.ts'
import {
  BASES_STEP,
  KEY_STEP,
  LINE_STEP,
  openSteps,
  ROOM_STEP,
  type Task,
} from '../../tasks/index.ts'
import type { GrantParts } from '../parts.ts'
import type { BroughtAgent } from './bring.ts'
import { DEFERRAL_STEP } from './deferral-store.ts'

/** One thing more that is used up with the opening. */
export interface UsedOnce {
  readonly kind: 'subject_token' | 'ticket'
  readonly replayKey: string
  readonly expiresAt: number
}

/**
 * Begins a task in the one transaction that uses up what was brought for it. Everything or nothing: answers the name of the
 * guard that failed.
 */
export async function begin(
  parts: GrantParts,
  task: Task,
  given: {
    readonly brought: {
      /** None of a client that proves nothing of itself. */
      readonly assertion: BroughtAgent['assertion'] | undefined
      readonly proof: Proof | undefined
    }
    readonly also?: UsedOnce | undefined
    readonly guards?: readonly Step[] | undefined
    readonly record: Partial<LedgerEvent>
  },
): Promise<string | undefined> {
  const { also, brought, guards, record } = given
  const { assertion, proof } = brought
  const { read } = parts.storage
  const done = await parts.live.commit(parts.storage, [
    ...(proof ? [consumeOnceStep(read, 'dpop', proof.replayKey, proof.expiresAt)] : []),
    ...(assertion ? [credentialStep(read, assertion)] : []),
    ...(also ? [consumeOnceStep(read, also.kind, also.replayKey, also.expiresAt)] : []),
    ...openSteps(parts, task, record, guards),
  ])
  return done.committed ? undefined : done.failed
}

/** A basis began or ended between the plan and the commit: what is granted has to be found out again. */
export const BASES_CHANGED = BASES_STEP
const MAX_TRIES = 3

/** Plans and begins, and again where bases changed meanwhile, a few times. */
export async function untilBasesHold<T>(
  attempt: () => Promise<T | typeof BASES_CHANGED>,
): Promise<T | typeof BASES_CHANGED> {
  for (let tries = 0; tries < MAX_TRIES; tries++) {
    const answer = await attempt()
    if (answer !== BASES_CHANGED) return answer
  }
  return BASES_CHANGED
}

/** Also of certificates. */
export const KEY_USED =
  'the key belongs to another task: make a new key (or certificate) and send the request with that'

const REFUSALS: Readonly<Record<string, readonly [ProblemCode, string]>> = {
  [PROOF_STEP]: ['proof.replayed', 'the proof was used before'],
  [CREDENTIAL_STEPS.once]: ['assertion.replayed', 'the client assertion was used before'],
  [CREDENTIAL_STEPS.held]: ['assertion.replayed', 'another agent showed this token before'],
  'used subject_token': ['subject_token.replayed', 'the subject token was used before'],
  'used ticket': ['ticket.replayed', 'the ticket was used before'],
  [DEFERRAL_STEP]: ['deferral.used', 'the code was redeemed before'],
  [USE_STEP]: ['deferral.denied', 'the approval was used, taken back or has ended'],
  [KEY_STEP]: ['task.key_used', KEY_USED],
  [BASES_STEP]: ['task.overtaken', 'what it stands on changed meanwhile'],
  [LINE_STEP]: ['task.closed', 'a task above it is not open any more'],
  [ROOM_STEP]: ['task.too_many_children', 'there are as many tasks below as there may be'],
  [GRANT_STEP]: ['sponsor_grant.not_in_force', 'the sponsor grant has ended'],
  [RATE_STEP]: ['sponsor_grant.too_many', 'as many tasks were opened as may be for now'],
}

export function refusedBy(guard: string): Refused {
  const why = REFUSALS[guard]
  if (!why) throw new Error(`a task could not be opened: ${guard}`)
  return refused(...why)
}
