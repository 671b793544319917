import { type Canonical, canonicalJson } from '../lib/canonical-json.ts'
import { newId } from '../lib/id.ts'
import { Problem } from '../lib/problem.ts'
import { CONFIRMATION_LIFE_MS, type Confirmation, payloadDigest } from './confirmation.ts'
import { changeConfirmation, insertConfirmation, selectConfirmation } from './confirmation-store.ts'
import type { PeopleParts } from './parts.ts'
import type { Session } from './session.ts'
import { requireProved } from './step-up/step-up.ts'

/** Asks a person to confirm on a page what they asked for by CLI. Show `/confirm/<id>`. */
export async function askConfirmation(
  parts: PeopleParts,
  asked: { personId: string; operation: string; payload: Canonical },
): Promise<Confirmation> {
  const { personId, operation, payload } = asked
  const now = parts.clock.now()
  const confirmation: Confirmation = {
    id: newId('confirmation', parts.random),
    personId,
    operation,
    payload: canonicalJson(payload),
    payloadDigest: payloadDigest(operation, payload),
    state: 'pending',
    createdAt: now,
    expiresAt: now + CONFIRMATION_LIFE_MS,
  }
  await parts.storage.transaction((tx) => insertConfirmation(tx, confirmation))
  return confirmation
}

/**
 * What is to be confirmed, for its page. Only the person who asked sees it; anyone else learns nothing.
 * Throws `confirmation.unknown` (also when the time is over).
 */
export async function readConfirmation(
  parts: Pick<PeopleParts, 'storage' | 'clock'>,
  id: string,
  personId: string,
): Promise<Confirmation> {
  const found = await selectConfirmation(parts.storage.read, id)
  if (found?.personId !== personId || found.expiresAt <= parts.clock.now())
    throw new Problem('confirmation.unknown', 'nothing waits here for you to confirm')
  return found
}

/**
 * The person's yes or no, on the page.
 * INVARIANT: a session of the CLI never answers; whoever stole one could otherwise widen access with it.
 * Throws `confirmation.unknown`, `confirmation.answered`, `confirmation.needs_browser`, `step_up.required`.
 */
export async function answerConfirmation(
  parts: PeopleParts,
  { id, session, answer }: { id: string; session: Session; answer: 'confirmed' | 'refused' },
): Promise<void> {
  const { personId, kind } = session
  if (kind !== 'browser')
    throw new Problem('confirmation.needs_browser', 'confirm on the page, in a browser')
  const confirmation = await readConfirmation(parts, id, personId)
  if (answer === 'confirmed' && parts.stepUp)
    requireProved(session.proved, [parts.stepUp], parts.clock.now())
  await parts.storage.transaction(async (tx) => {
    const now = parts.clock.now()
    const change = { id, personId, from: 'pending', to: answer, now } as const
    if (!(await changeConfirmation(tx, change)))
      throw new Problem('confirmation.answered', 'this was answered already')
    await parts.ledger.append(tx, {
      type: 'confirmation.answered',
      person: personId,
      by: personId,
      outcome: answer,
      facts: {
        confirmation: id,
        operation: confirmation.operation,
        payload_digest: confirmation.payloadDigest,
      },
    })
  })
}

/**
 * Uses a yes, once, for exactly the operation and input it was given for. The caller acts after this returned; when the
 * act then fails, it has to be confirmed again. Throws `confirmation.missing`.
 */
export async function useConfirmation(
  parts: PeopleParts,
  use: { id: string; personId: string; operation: string; payload: Canonical },
): Promise<void> {
  const { id, personId, operation, payload } = use
  const used = await parts.storage.transaction((tx) =>
    changeConfirmation(tx, {
      id,
      personId,
      from: 'confirmed',
      to: 'used',
      now: parts.clock.now(),
      payloadDigest: payloadDigest(operation, payload),
    }),
  )
  if (!used)
    throw new Problem('confirmation.missing', 'this has not been confirmed, or was used already')
}
