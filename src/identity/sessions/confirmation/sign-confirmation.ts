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
  type VerifiedSignature,
  verifyPasskeySignature,
} from '../../passkeys/index.ts'
import type { Confirmation } from './confirmation.ts'

const DOMAIN = 'remit/signed-confirmation/v1'

/**
 * Tells whether an operation has to be confirmed with a passkey, by the setting.
 *
 * INVARIANT: an operation that this build does not know is signed wherever any act is.
 */
export function isSignedOperation(
  { passkeys }: Pick<PasskeyParts, 'passkeys'>,
  operation: string,
): boolean {
  if (!passkeys || passkeys.acts.size === 0) return false
  const act = passkeys.operations.get(operation)
  if (act === undefined) return !passkeys.operations.has(operation)
  return passkeys.acts.has(act)
}

/** Makes what the page needs for a signed yes; as `approvalForm` does. */
export async function confirmationForm(
  parts: PasskeyParts,
  confirmation: Confirmation,
): Promise<SignatureForm | 'enrol' | undefined> {
  if (!isSignedOperation(parts, confirmation.operation)) return undefined
  const passkeys = await passkeysOf(parts.storage.read, confirmation.personId)
  if (passkeys.length === 0) return 'enrol'
  const ticket = issueChallenge(parts, `confirm/${confirmation.id}`)
  const challenge = challengeOf(DOMAIN, statementOf(parts, confirmation, ticket))
  return signatureForm(parts, passkeys, { challenge, ticket })
}

function statementOf(
  { issuer }: Pick<PasskeyParts, 'issuer'>,
  { expiresAt, id, operation, payloadDigest, personId }: Confirmation,
  { issuedAt, nonce }: ChallengeTicket,
) {
  return {
    ...{ answer: 'confirmed', confirmation: id, operation, payload_digest: payloadDigest },
    ...{ person: personId, expires_at: expiresAt, nonce, issued_at: issuedAt, origin: issuer },
  }
}

/** @throws Problem `passkey.challenge_over`, `passkey.invalid`, `passkey.cloned` */
export async function verifyConfirmation(
  parts: PasskeyParts,
  confirmation: Confirmation,
  { assertion, ticket: text }: PresentedSignature,
): Promise<VerifiedSignature> {
  const ticket = openTicket(parts, `confirm/${confirmation.id}`, text)
  const statement = statementOf(parts, confirmation, ticket)
  const { personId } = confirmation
  return verifyPasskeySignature(parts, { personId, domain: DOMAIN, statement, ticket, assertion })
}
