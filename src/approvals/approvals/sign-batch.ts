import {
  type ChallengeTicket,
  challengeOf,
  issueChallenge,
  openTicket,
  type PasskeyParts,
  type PresentedSignature,
  passkeysOf,
  type SignatureForm,
  signatureForm,
  useSignature,
  verifyPasskeySignature,
} from '../../identity/passkeys/index.ts'
import { domainHash } from '../../platform/lib/canonical-json.ts'
import type { AccessRequest } from '../access-requests/index.ts'
import { answerHash } from './answer-hash.ts'
import { type AnswerParts, needsSignature, signedExpiry } from './sign-answer.ts'

const DOMAIN = 'remit/signed-batch/v1'

/** Requests that one person approves with one signature, each once, exactly as it is. */
export interface ApprovalBatch {
  readonly personId: string
  readonly requests: readonly AccessRequest[]
}

/** A checked signature over several approvals. */
export interface SignedBatch {
  /** Hash of `entries`, which the record of each approval names. */
  readonly hash: string
  /** Request, call hash and answer hash of each, separated by spaces. */
  readonly entries: readonly string[]
  readonly issuedAt: number
}

/**
 * Makes what a page needs for one signature over all of these; `enrol`: the person has no passkey.
 * `undefined` when none has to be signed.
 */
export async function batchForm(
  parts: AnswerParts,
  batch: ApprovalBatch,
): Promise<SignatureForm | 'enrol' | undefined> {
  const needed = batch.requests.some((request) =>
    needsSignature(parts, { request, allowance: undefined, breakGlass: undefined }),
  )
  if (!needed) return undefined
  const passkeys = await passkeysOf(parts.storage.read, batch.personId)
  if (passkeys.length === 0) return 'enrol'
  const ticket = issueChallenge(parts, aboutOf(batch))
  const challenge = challengeOf(DOMAIN, statementOf(parts, batch, ticket))
  return signatureForm(parts, passkeys, { challenge, ticket })
}

function aboutOf({ personId, requests }: ApprovalBatch): string {
  const ids = requests.map(({ id }) => id)
  return `approve-together/${domainHash('remit/batch-requests/v1', ids)}/${personId}`
}

/** One approval of a batch, as it is signed and as its record says. */
export function entryOf(request: AccessRequest, approver: string, issuedAt: number): string {
  const expiry = signedExpiry({ request, allowance: undefined, breakGlass: undefined }, issuedAt)
  return `${request.id} ${request.callHash} ${answerHash(request, { answer: 'approve', approver, expiry })}`
}

function entriesOf({ personId, requests }: ApprovalBatch, issuedAt: number): string[] {
  return requests.map((request) => entryOf(request, personId, issuedAt))
}

function statementOf(
  { issuer }: Pick<PasskeyParts, 'issuer'>,
  batch: ApprovalBatch,
  { issuedAt, nonce }: ChallengeTicket,
) {
  const entries = entriesOf(batch, issuedAt)
  return {
    ...{ answer: 'approve', scope: 'batch', approver: batch.personId, count: entries.length },
    requests: domainHash('remit/batch/v1', entries),
    ...{ nonce, issued_at: issuedAt, origin: issuer },
  }
}

/**
 * Checks and uses up one signature over all of these, with a record that the records of the approvals name.
 * INVARIANT: the list that was signed is the list that is answered: each answer is held against it.
 * @throws Problem `passkey.challenge_over`, `passkey.invalid`, `passkey.cloned`, `passkey.used`
 */
export async function signBatch(
  parts: AnswerParts,
  batch: ApprovalBatch,
  { assertion, ticket: text }: PresentedSignature,
): Promise<SignedBatch> {
  const ticket = openTicket(parts, aboutOf(batch), text)
  const statement = statementOf(parts, batch, ticket)
  const { personId } = batch
  const verified = await verifyPasskeySignature(parts, {
    ...{ personId, domain: DOMAIN, statement, ticket, assertion },
  })
  const entries = entriesOf(batch, ticket.issuedAt)
  await parts.storage.transaction(async (tx) => {
    await useSignature(parts, tx, verified)
    await parts.ledger.append(tx, {
      type: 'approval.batch_signed',
      ...{ person: personId, by: personId },
      facts: { requests: entries, receipt: verified.receipt },
    })
  })
  return { hash: statement.requests, entries, issuedAt: ticket.issuedAt }
}
