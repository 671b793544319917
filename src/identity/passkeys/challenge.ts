import { base64url, fromBase64url } from '../../platform/lib/bytes.ts'
import { domainHash, type HashDomain } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { type Passkey, type PasskeyParts, relyingPartyOf } from './passkey.ts'

/** Time for which a page's challenge can be signed. */
export const CHALLENGE_LIFE_MS = 10 * MINUTE

/** Facts that a person signs, all of them flat, so that anybody can write their canonical form. */
export interface PasskeyStatement {
  readonly [name: string]: string | number
}

/** Makes the challenge of a statement (the shown call is the signed one). Base64url. */
export function challengeOf(domain: HashDomain, statement: PasskeyStatement): string {
  return domainHash(domain, statement)
}

/** Part of a challenge that the page brings back: which one it was, and when it was made. */
export interface ChallengeTicket {
  /** 128 random bits, base64url. */
  readonly nonce: string
  readonly issuedAt: number
}

export interface IssuedTicket extends ChallengeTicket {
  /** Sealed form, which goes into the page and comes back. */
  readonly text: string
}

/**
 * Makes a ticket. Opening a page stores nothing, so the ticket itself is sealed with the master
 * key; `about` names act, person and subject, and it opens for nothing else.
 */
export function issueChallenge(
  { clock, master, random }: Pick<PasskeyParts, 'clock' | 'master' | 'random'>,
  about: string,
): IssuedTicket {
  const ticket = { nonce: base64url(random.bytes(16)), issuedAt: clock.now() }
  return { ...ticket, text: base64url(master.seal(JSON.stringify(ticket), `challenge/${about}`)) }
}

/** @throws Problem `passkey.challenge_over` also for a ticket that was made for something else */
export function openTicket(
  { clock, master }: Pick<PasskeyParts, 'clock' | 'master'>,
  about: string,
  text: string,
): ChallengeTicket {
  const ticket = unsealed(master, about, text)
  const age = ticket ? clock.now() - ticket.issuedAt : -1
  if (!ticket || age < 0 || age > CHALLENGE_LIFE_MS)
    throw new Problem(
      'passkey.challenge_over',
      'the page was open for too long, or is not the one that asked; sign again',
    )
  return ticket
}

const MAX_TICKET = 512

function unsealed(
  master: PasskeyParts['master'],
  about: string,
  text: string,
): ChallengeTicket | undefined {
  const sealed = text.length > MAX_TICKET ? undefined : fromBase64url(text)
  if (!sealed || sealed.byteLength === 0) return undefined
  try {
    const plain = Buffer.from(master.open(sealed, `challenge/${about}`)).toString()
    return JSON.parse(plain) as ChallengeTicket // sealed by `issueTicket`
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}

/** Parts of a form in which a person signs: ticket, and options of `navigator.credentials.get`. */
export interface SignatureForm {
  readonly ticket: string
  /** JSON: PublicKeyCredentialRequestOptionsJSON (WebAuthn section 5.5). */
  readonly options: string
}

export function signatureForm(
  { issuer }: Pick<PasskeyParts, 'issuer'>,
  passkeys: readonly Passkey[],
  { challenge, ticket }: { challenge: string; ticket: IssuedTicket },
): SignatureForm {
  const options = {
    challenge,
    rpId: relyingPartyOf(issuer),
    timeout: CHALLENGE_LIFE_MS,
    userVerification: 'required',
    allowCredentials: passkeys.map(describeCredential),
  }
  return { ticket: ticket.text, options: JSON.stringify(options) }
}

export function describeCredential({ credentialId, transports }: Passkey) {
  return { type: 'public-key', id: credentialId, transports: transports.split(' ').filter(Boolean) }
}
