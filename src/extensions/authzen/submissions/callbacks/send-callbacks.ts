import { findClient } from '../../../../identity/machine-clients/index.ts'
import { type Repetition, repeat, type Wait } from '../../../../platform/lib/repeat.ts'
import {
  DeliveryError,
  postTo,
  RETRY_PAUSES_MS,
  webhookHeaders,
} from '../../../../platform/webhooks/index.ts'
import { statusOf } from '../submission.ts'
import { findSubmission } from '../submission-store.ts'
import { withRequests } from '../submitted.ts'
import { type ClientCallback, callbackBody, openSecret, type PendingCallback } from './callback.ts'
import {
  claimAttempt,
  deletePendingCallback,
  dueCallbacks,
  findCallback,
  pepsToCall,
} from './callback-store.ts'
import type { CallbackParts } from './set-callback.ts'

const EVERY_MS = 1_000
/** Callbacks of one enforcement point in a round: a slow receiver makes no others wait. */
const AT_ONCE = 10
/** Pause after the last attempt; a server that ends in it is seen then. */
const LAST_PAUSE_MS = 120_000

/**
 * Tells enforcement points that submissions ended. A message is signed, does not contain the result, and is repeated until it
 * is accepted. An enforcement point that does not get it can still poll.
 */
export function keepCallingBack(
  parts: CallbackParts,
  options: { readonly onError: (error: unknown) => void; readonly wait?: Wait },
): Repetition {
  return repeat(() => callBackOnce(parts), { everyMs: EVERY_MS, ...options })
}

/** One round. */
export async function callBackOnce(parts: CallbackParts): Promise<void> {
  const { clock, storage } = parts
  const now = clock.now()
  const sending = (await pepsToCall(storage.read, now)).map(async (pep) => {
    const due = await dueCallbacks(storage.read, pep, { limit: AT_ONCE, now })
    await Promise.all(due.map((each) => callBack(parts, each)))
  })
  await Promise.all(sending)
}

async function callBack(parts: CallbackParts, pending: PendingCallback): Promise<void> {
  const { clock, storage } = parts
  const pause = RETRY_PAUSES_MS[pending.attempts]
  const nextAt = clock.now() + (pause ?? LAST_PAUSE_MS)
  if (!(await storage.transaction((tx) => claimAttempt(tx, pending, nextAt)))) return
  const registered = await registeredFor(parts, pending)
  const made = await findSubmission(storage.read, pending.pep, { id: pending.id })
  if (!registered || made.length === 0) return settle(parts, pending, 'withdrawn')
  const status = statusOf(await withRequests(parts, made))
  if (pending.events?.includes(status) === false) return settle(parts, pending, undefined)
  const body = callbackBody(parts.issuer, pending, status)
  const signed = { id: pending.id, at: clock.now(), body }
  const headers = {
    'content-type': 'application/json',
    ...webhookHeaders(openSecret(parts.master, registered), signed),
  }
  try {
    await postTo(parts, registered.url, { headers, body })
  } catch (error) {
    if (!(error instanceof DeliveryError)) throw error
    if (error.lasting || pause === undefined) await settle(parts, pending, 'failed', error.message)
    return
  }
  await settle(parts, pending, 'told')
}

/** INVARIANT: read at the moment of sending, so that a removed address or client gets no more messages. */
async function registeredFor(
  { storage }: CallbackParts,
  { endpoint, pep }: PendingCallback,
): Promise<ClientCallback | undefined> {
  const registered = await findCallback(storage.read, pep)
  const client = await findClient(storage.read, pep)
  return registered?.url === endpoint && client?.removedAt === null ? registered : undefined
}

/** Ends a callback; on record, unless this end was not subscribed to. */
async function settle(
  { ledger, storage }: CallbackParts,
  { attempts, id, pep }: PendingCallback,
  outcome: 'told' | 'failed' | 'withdrawn' | undefined,
  problem?: string,
): Promise<void> {
  await storage.transaction(async (tx) => {
    await deletePendingCallback(tx, id)
    if (outcome !== undefined)
      await ledger.append(tx, {
        type: 'approval.called_back',
        outcome,
        facts: { pep, submission: id, attempts: attempts + 1, problem: problem ?? null },
      })
  })
}
