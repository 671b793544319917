import { base64url } from '../../platform/lib/bytes.ts'
import type { Canonical, HashDomain } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { consumeOnce, type Tx } from '../../platform/storage/index.ts'
import {
  CHALLENGE_LIFE_MS,
  type ChallengeTicket,
  challengeOf,
  type PasskeyStatement,
} from './challenge.ts'
import { type Passkey, type PasskeyParts, relyingPartyOf } from './passkey.ts'
import { countUse, passkeysOf } from './passkey-store.ts'
import { memberOf, readCredential } from './read-credential.ts'

/** Signature of a person as a page brings it: the sealed ticket, and the assertion as JSON. */
export interface PresentedSignature {
  readonly ticket: string
  readonly assertion: string
}

/** Proof that a person signed a statement with their passkey; the ledger keeps it (docs/ledger.md). */
type Receipt = { readonly [name: string]: Canonical }

export interface VerifiedSignature {
  readonly statement: PasskeyStatement
  readonly passkeyId: string
  readonly counter: number
  readonly nonce: string
  readonly receipt: Receipt
}

/**
 * Checks that this person signed this statement, on our origin, with a passkey that they have, and
 * that the authenticator verified them (WebAuthn section 7.2). Uses nothing up: `useSignature` does.
 * @throws Problem `passkey.invalid`, `passkey.cloned`
 */
export async function verifyPasskeySignature(
  parts: PasskeyParts,
  given: {
    readonly personId: string
    readonly domain: HashDomain
    readonly statement: PasskeyStatement
    readonly ticket: ChallengeTicket
    readonly assertion: string
  },
): Promise<VerifiedSignature> {
  const { assertion, domain, personId, statement, ticket } = given
  const { verifyAuthenticationResponse } = await import('@simplewebauthn/server')
  const response = readCredential(assertion)
  const clientDataJSON = memberOf(response, 'clientDataJSON')
  const authenticatorData = memberOf(response, 'authenticatorData')
  const signature = memberOf(response, 'signature')
  const passkey = (await passkeysOf(parts.storage.read, personId)).find(
    ({ credentialId }) => credentialId === response.id,
  )
  if (!passkey) throw invalidPasskey('this is no passkey of yours')
  const { id, publicKey } = passkey
  const challenge = challengeOf(domain, statement)
  const verified = await verifyAuthenticationResponse({
    response: {
      ...{ id: response.id, rawId: response.id, type: 'public-key', clientExtensionResults: {} },
      response: { clientDataJSON, authenticatorData, signature },
    },
    expectedChallenge: challenge,
    expectedOrigin: parts.issuer,
    expectedRPID: relyingPartyOf(parts.issuer) ?? '',
    requireUserVerification: true,
    // The counter is compared below, where it can be told from a wrong signature.
    credential: { id: response.id, publicKey: Uint8Array.from(publicKey), counter: 0 },
  }).catch((error: unknown) => {
    throw invalidPasskey(error instanceof Error ? error.message : 'it cannot be read')
  })
  if (!verified.verified) throw invalidPasskey('the signature does not fit')
  const { newCounter: counter } = verified.authenticationInfo
  if (isCrossOrigin(clientDataJSON))
    throw invalidPasskey('it was made inside a page of another origin')
  if (counter === 0 ? passkey.counter > 0 : counter <= passkey.counter)
    throw await cloned(parts, passkey, counter)
  return {
    ...{ statement, passkeyId: id, counter, nonce: ticket.nonce },
    receipt: {
      v: 1,
      ...{ domain, statement, passkey: id },
      public_key: await publicJwk(publicKey),
      client_data: clientDataJSON,
      authenticator_data: authenticatorData,
      signature,
    },
  }
}

/**
 * Uses a verified signature up, in the transaction of the act.
 * INVARIANT: a challenge is answered once, and the counter of a passkey only goes up.
 * @throws Problem `passkey.used`, `passkey.cloned`
 */
export async function useSignature(
  { clock }: Pick<PasskeyParts, 'clock'>,
  tx: Tx,
  { counter, nonce, passkeyId }: VerifiedSignature,
): Promise<void> {
  const now = clock.now()
  if (!(await consumeOnce(tx, 'passkey', nonce, now + 2 * CHALLENGE_LIFE_MS)))
    throw new Problem('passkey.used', 'this signature was used already; sign again')
  if (!(await countUse(tx, { id: passkeyId, counter, now })))
    throw new Problem('passkey.cloned', 'the passkey was used elsewhere meanwhile, or is gone')
}

/** The record stays, also where the act is refused: two devices count for one passkey. */
async function cloned(parts: PasskeyParts, passkey: Passkey, counter: number): Promise<Problem> {
  const { id, personId } = passkey
  await parts.storage.transaction((tx) =>
    parts.ledger.append(tx, {
      type: 'passkey.counter_went_back',
      person: personId,
      facts: { passkey: id, counter, before: passkey.counter },
    }),
  )
  return new Problem(
    'passkey.cloned',
    'the counter of the passkey went back, so that it may have been copied; remove it',
  )
}

function invalidPasskey(why: string): Problem {
  return new Problem('passkey.invalid', `the passkey's answer is refused: ${why.slice(0, 200)}`)
}

function isCrossOrigin(clientData: string): boolean {
  // as: the library has read the same text as an object
  const { crossOrigin } = JSON.parse(Buffer.from(clientData, 'base64url').toString()) as {
    crossOrigin?: unknown
  }
  return crossOrigin === true
}

/** COSE algorithms: ES256, EdDSA, RS256. */
export const ALGORITHMS = [-7, -8, -257]
/** COSE curves: P-256, Ed25519. */
const P256 = 1
const ED25519 = 6

/**
 * Public key of a passkey as a JWK (RFC 7517), which verifiers read without a COSE decoder.
 * @throws Problem `passkey.invalid`
 */
export async function publicJwk(key: Uint8Array): Promise<{ readonly [name: string]: string }> {
  const { cose, decodeCredentialPublicKey } = await import('@simplewebauthn/server/helpers')
  const decoded = decodeCredentialPublicKey(Uint8Array.from(key))
  const { crv, e, n, x, y } = cose.COSEKEYS
  const bytesText = (value: unknown) =>
    base64url(value instanceof Uint8Array ? value : new Uint8Array())
  if (cose.isCOSEPublicKeyEC2(decoded) && decoded.get(crv) === P256)
    return { kty: 'EC', crv: 'P-256', x: bytesText(decoded.get(x)), y: bytesText(decoded.get(y)) }
  if (cose.isCOSEPublicKeyOKP(decoded) && decoded.get(crv) === ED25519)
    return { kty: 'OKP', crv: 'Ed25519', x: bytesText(decoded.get(x)) }
  if (cose.isCOSEPublicKeyRSA(decoded))
    return { kty: 'RSA', n: bytesText(decoded.get(n)), e: bytesText(decoded.get(e)) }
  throw invalidPasskey('its kind of key is not known here')
}
