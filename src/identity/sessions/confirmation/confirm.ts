import type { SealedColumn } from '../../../platform/keys/index.ts'
import { base64url, fromBase64url } from '../../../platform/lib/bytes.ts'
import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { newId } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { rehearse } from '../../../platform/storage/index.ts'
import { type PasskeyParts, type PresentedSignature, useSignature } from '../../passkeys/index.ts'
import type { PeopleParts } from '../../people/index.ts'
import type { Session } from '../session.ts'
import { requireProved } from '../step-up.ts'
import {
  CONFIRMATION_LIFE_MS,
  type Confirmation,
  MAX_PENDING,
  type PayloadOf,
  payloadDigest,
  secretDigest,
  type UsedConfirmation,
} from './confirmation.ts'
import { bounded, type ChangeSummary } from './confirmation-meaning.ts'
import {
  changeConfirmation,
  deleteOldestPending,
  insertConfirmation,
  selectConfirmation,
  selectConfirmed,
} from './confirmation-store.ts'
import { isSignedOperation, verifyConfirmation } from './sign-confirmation.ts'

/** Parts that answering needs. */
export type ConfirmationParts = PeopleParts & PasskeyParts

/**
 * Asks a person to confirm on a page what they asked for by CLI. Show `/confirm/<id>`. `act` is rehearsed first.
 * @throws Problem what the act throws: the person is not asked to confirm what would be refused
 */
export async function askConfirmation(
  parts: PeopleParts,
  asked: {
    personId: string
    operation: string
    payloadOf: PayloadOf
    meaning?: ChangeSummary
    act?: (() => Promise<unknown>) | undefined
  },
): Promise<Confirmation> {
  const { act, meaning, personId, operation, payloadOf } = asked
  if (act) await rehearse(act)
  const now = parts.clock.now()
  const id = newId('confirmation', parts.random)
  const key = parts.random.bytes(32)
  const payload = canonicalJson(payloadOf(secretDigest(key)))
  const confirmation: Confirmation = {
    id,
    personId,
    operation,
    payload,
    payloadDigest: await payloadDigest(operation, payload),
    ...(meaning && { meaning: bounded(meaning) }),
    state: 'pending',
    createdAt: now,
    expiresAt: now + CONFIRMATION_LIFE_MS,
  }
  const sealed = parts.master.seal(base64url(key), confirmationPlace(id))
  await parts.storage.lanes.revocation.transaction(async (tx) => {
    await deleteOldestPending(tx, personId, MAX_PENDING - 1)
    await insertConfirmation(tx, confirmation, sealed)
  })
  return confirmation
}

/**
 * Reads a waiting confirmation for its page. Only the person who asked sees it; anyone else learns
 * nothing.
 * Throws `confirmation.unknown` (also when the time is over).
 */
export async function readConfirmation(
  parts: Pick<PeopleParts, 'storage' | 'clock'>,
  id: string,
  personId: string,
): Promise<Confirmation> {
  const found = await selectConfirmation(parts.storage.read, id)
  if (found?.personId !== personId || found.expiresAt <= parts.clock.now())
    throw new Problem('confirmation.unknown', 'there is no such confirmation for you')
  return found
}

/**
 * The person's yes or no, on the page.
 * INVARIANT: a session of the CLI never answers; a thief could otherwise widen access with it.
 * INVARIANT: a yes that has to be signed counts only with a signature of the same person over exactly this, used up with it.
 * Throws `confirmation.unknown`, `confirmation.answered`, `confirmation.needs_browser`, `step_up.required`, `passkey.…`.
 */
export async function answerConfirmation(
  parts: ConfirmationParts,
  {
    id,
    session,
    answer,
    signature,
  }: {
    id: string
    session: Session
    answer: 'confirmed' | 'refused'
    signature?: PresentedSignature | undefined
  },
): Promise<void> {
  const { personId, kind } = session
  if (kind !== 'browser')
    throw new Problem('confirmation.needs_browser', 'confirm on the page, in a browser')
  const confirmation = await readConfirmation(parts, id, personId)
  if (answer === 'confirmed' && parts.stepUp)
    requireProved(session.proved, [parts.stepUp], parts.clock.now())
  const signed = answer === 'confirmed' && isSignedOperation(parts, confirmation.operation)
  if (signed && !signature)
    throw new Problem('passkey.required', 'this has to be signed with a passkey')
  const verified = signed && signature && (await verifyConfirmation(parts, confirmation, signature))
  await parts.storage.lanes.revocation.transaction(async (tx) => {
    const now = parts.clock.now()
    const change = { id, personId, from: 'pending', to: answer, now } as const
    if (!(await changeConfirmation(tx, change)))
      throw new Problem('confirmation.answered', 'this was already answered')
    if (verified) await useSignature(parts, tx, verified)
    await parts.ledger.append(tx, {
      type: 'confirmation.answered',
      person: personId,
      by: personId,
      outcome: answer,
      facts: {
        confirmation: id,
        operation: confirmation.operation,
        payload_digest: confirmation.payloadDigest,
        receipt: verified ? verified.receipt : undefined,
      },
    })
  })
}

/**
 * Uses a yes, once, for exactly the operation and input it was given for. The caller acts after this returned; when the
 * act then fails, it has to be confirmed again. Throws `confirmation.missing`.
 * INVARIANT: what does not follow from the input alone is done only as it was `seen`.
 */
export async function useConfirmation(
  parts: PeopleParts,
  use: { id: string; personId: string; operation: string; payloadOf: PayloadOf },
): Promise<UsedConfirmation> {
  const { id, personId, operation, payloadOf } = use
  const now = parts.clock.now()
  const confirmed = await selectConfirmed(parts.storage.read, { id, personId, now })
  if (!confirmed) throw missing()
  const { digestKey, meaning } = confirmed
  const key = fromBase64url(
    Buffer.from(parts.master.open(digestKey, confirmationPlace(id))).toString(),
  )
  if (!key) throw new Error(`the digest key of confirmation ${id} is not base64url`)
  const digest = await payloadDigest(operation, canonicalJson(payloadOf(secretDigest(key))))
  const used = await parts.storage.lanes.revocation.transaction((tx) =>
    changeConfirmation(tx, {
      id,
      personId,
      from: 'confirmed',
      to: 'used',
      now: parts.clock.now(),
      payloadDigest: digest,
    }),
  )
  if (!used) throw missing()
  return { seen: meaning?.seen }
}

function missing(): Problem {
  return new Problem(
    'confirmation.missing',
    'this has not been confirmed, or the confirmation was already used',
  )
}

function confirmationPlace(id: string): string {
  return `confirmations/${id}`
}

export const CONFIRMATIONS_SEALED: readonly SealedColumn[] = [
  {
    table: 'confirmations',
    column: 'digest_key',
    key: 'id',
    associatedData: ({ id = '' }) => confirmationPlace(id),
  },
]
