import type { RegistrationResponseJSON } from '@simplewebauthn/server'
import { base64url, sha256 } from '../../platform/lib/bytes.ts'
import { type Id, newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { visible } from '../../platform/lib/text/visible.ts'
import type { Reader, Tx } from '../../platform/storage/index.ts'
import { addEvent } from '../notifications/index.ts'
import type { Person } from '../people/index.ts'
import {
  CHALLENGE_LIFE_MS,
  challengeOf,
  describeCredential,
  issueChallenge,
  openTicket,
  type SignatureForm,
  signatureForm,
} from './challenge.ts'
import { MAX_PASSKEYS, type Passkey, type PasskeyParts, relyingPartyOf } from './passkey.ts'
import {
  endPasskey,
  endRecoveries,
  everyPasskeyOf,
  insertPasskey,
  passkeysOf,
  recoveryOf,
} from './passkey-store.ts'
import { memberOf, readCredential } from './read-credential.ts'
import {
  ALGORITHMS,
  type PresentedSignature,
  publicJwk,
  useSignature,
  verifyPasskeySignature,
} from './verify-assertion.ts'

/**
 * Reason for which a person may enrol a passkey: they never had one, they signed with one that they
 * have, or the waiting time of an administrator's permission is over.
 */
export type EnrolmentBasis = 'first' | 'passkey' | 'recovery'

/** Bases that count for a person now. */
export async function enrolmentBases(
  db: Reader,
  personId: string,
  now: number,
): Promise<readonly EnrolmentBasis[]> {
  const ever = await everyPasskeyOf(db, personId)
  const recovery = await recoveryOf(db, personId, now)
  return [
    ...(ever.length === 0 ? ['first' as const] : []),
    ...(ever.some(({ removedAt }) => removedAt === null) ? ['passkey' as const] : []),
    ...(recovery && recovery.usableFrom <= now ? ['recovery' as const] : []),
  ]
}

/** Makes the form for a new passkey. `basis` has been checked; enrolling checks it again. */
export async function enrolmentForm(
  parts: PasskeyParts,
  person: Pick<Person, 'id' | 'name' | 'email'>,
  basis: EnrolmentBasis,
): Promise<SignatureForm> {
  const rpId = relyingPartyOf(parts.issuer)
  if (rpId === undefined) throw notUsable(parts.issuer)
  const ticket = issueChallenge(parts, `enrol/${basis}/${person.id}`)
  const known = await passkeysOf(parts.storage.read, person.id)
  const options = {
    rp: { id: rpId, name: 'Remit' },
    user: {
      id: base64url(sha256(`remit/passkey-user/v1\0${person.id}`)),
      name: person.email ?? person.name,
      displayName: person.name,
    },
    challenge: enrolmentChallenge(parts, person.id, ticket),
    pubKeyCredParams: ALGORITHMS.map((alg) => ({ type: 'public-key', alg })),
    timeout: CHALLENGE_LIFE_MS,
    attestation: 'none',
    excludeCredentials: basis === 'recovery' ? [] : known.map(describeCredential),
    authenticatorSelection: { residentKey: 'preferred', userVerification: 'required' },
  }
  return { ticket: ticket.text, options: JSON.stringify(options) }
}

function notUsable(issuer: string): Problem {
  return new Problem(
    'passkey.not_usable_here',
    `browsers make no passkeys for ${issuer}, which is an address and no name`,
  )
}

function enrolmentChallenge(
  { issuer }: Pick<PasskeyParts, 'issuer'>,
  person: string,
  { issuedAt, nonce }: { issuedAt: number; nonce: string },
): string {
  const statement = { person, nonce, issued_at: issuedAt, origin: issuer }
  return challengeOf('remit/passkey-enrolment/v1', statement)
}

/** Makes the form that a person signs with a passkey that they have, before they add another. */
export async function anotherForm(
  parts: PasskeyParts,
  personId: Id<'person'>,
): Promise<SignatureForm> {
  const ticket = issueChallenge(parts, `another/${personId}`)
  const challenge = challengeOf(ANOTHER, anotherStatement(parts, personId, ticket))
  const passkeys = await passkeysOf(parts.storage.read, personId)
  return signatureForm(parts, passkeys, { challenge, ticket })
}

const ANOTHER = 'remit/another-passkey/v1'

function anotherStatement(
  { issuer }: Pick<PasskeyParts, 'issuer'>,
  person: string,
  { issuedAt, nonce }: { issuedAt: number; nonce: string },
) {
  return { act: 'add_passkey', person, nonce, issued_at: issuedAt, origin: issuer }
}

/** Takes that signature. Answers the form for the new passkey. */
export async function permitAnother(
  parts: PasskeyParts,
  person: Person,
  { assertion, ticket: text }: PresentedSignature,
): Promise<SignatureForm> {
  const ticket = openTicket(parts, `another/${person.id}`, text)
  const statement = anotherStatement(parts, person.id, ticket)
  const verified = await verifyPasskeySignature(parts, {
    ...{ personId: person.id, domain: ANOTHER, statement, ticket, assertion },
  })
  await parts.storage.transaction((tx) => useSignature(parts, tx, verified))
  return enrolmentForm(parts, person, 'passkey')
}

/** New passkey as its page brings it. `credential`: RegistrationResponseJSON. */
export interface NewPasskey {
  readonly person: Person
  readonly name: string
  readonly basis: EnrolmentBasis
  readonly ticket: string
  readonly credential: string
}

/**
 * Enrols a passkey. One that an administrator permitted replaces all that the person had.
 * INVARIANT: signing in as a person does not give their passkey: a second one needs the first, or an administrator and a waiting time.
 * @throws Problem `passkey.bad_name`, `passkey.challenge_over`, `passkey.invalid`, `passkey.needs_permission`,
 * `passkey.too_many`, `passkey.enrolled_before`
 */
export async function enrolPasskey(parts: PasskeyParts, given: NewPasskey): Promise<Passkey> {
  const { basis, person } = given
  const name = nameFrom(given.name)
  const ticket = openTicket(parts, `enrol/${basis}/${person.id}`, given.ticket)
  const credential = await verifyRegistration(parts, {
    credential: given.credential,
    challenge: enrolmentChallenge(parts, person.id, ticket),
  })
  const key = await publicJwk(credential.publicKey)
  const now = parts.clock.now()
  const passkey: Passkey = {
    id: newId('passkey', parts.random),
    personId: person.id,
    ...credential,
    name,
    createdAt: now,
    lastUsedAt: null,
    removedAt: null,
  }
  await parts.storage.transaction(async (tx) => {
    const bases = await enrolmentBases(tx, person.id, now)
    if (!bases.includes(basis))
      throw new Problem('passkey.needs_permission', 'an administrator has to permit it first')
    if (basis === 'recovery') await replaceAll(parts, tx, person.id)
    if ((await passkeysOf(tx, person.id)).length >= MAX_PASSKEYS)
      throw new Problem('passkey.too_many', `a person has at most ${MAX_PASSKEYS} passkeys`)
    if (!(await insertPasskey(tx, passkey)))
      throw new Problem('passkey.enrolled_before', 'this passkey was enrolled before')
    await parts.ledger.append(tx, {
      type: 'passkey.enrolled',
      person: person.id,
      facts: { passkey: passkey.id, basis, public_key: key },
    })
    await addEvent(parts, tx, { kind: 'passkey', subject: passkey.id, at: now })
  })
  return passkey
}

async function replaceAll(parts: PasskeyParts, tx: Tx, personId: Id<'person'>): Promise<void> {
  const now = parts.clock.now()
  await endRecoveries(tx, personId, now)
  for (const { id } of await passkeysOf(tx, personId)) {
    await endPasskey(tx, { id, personId, now })
    await recordRemoval(parts, tx, { id, personId })
  }
}

function recordRemoval(
  { ledger }: Pick<PasskeyParts, 'ledger'>,
  tx: Tx,
  { id, personId }: { id: string; personId: string },
): Promise<unknown> {
  return ledger.append(tx, { type: 'passkey.removed', person: personId, facts: { passkey: id } })
}

/** Removes a passkey of a person. After the last one, a new one needs an administrator. */
export async function removePasskey(
  parts: PasskeyParts,
  { id, personId }: { id: string; personId: string },
): Promise<void> {
  await parts.storage.transaction(async (tx) => {
    if (!(await endPasskey(tx, { id, personId, now: parts.clock.now() })))
      throw new Problem('passkey.unknown', 'you have no such passkey')
    await recordRemoval(parts, tx, { id, personId })
  })
}

const MAX_NAME = 60

function nameFrom(text: string): string {
  const name = text.trim()
  if (name === '' || name.length > MAX_NAME || visible(name) !== name)
    throw new Problem('passkey.bad_name', `a name is 1 to ${MAX_NAME} characters that can be seen`)
  return name
}

/** WebAuthn section 7.1, without attestation: whose hardware it is makes no difference here. */
async function verifyRegistration(
  { issuer }: PasskeyParts,
  { challenge, credential: text }: { challenge: string; credential: string },
): Promise<Pick<Passkey, 'credentialId' | 'publicKey' | 'counter' | 'transports'>> {
  const { verifyRegistrationResponse } = await import('@simplewebauthn/server')
  const read = readCredential(text)
  const transports = read.response.get('transports')
  const response: RegistrationResponseJSON = {
    ...{ id: read.id, rawId: read.id, type: 'public-key', clientExtensionResults: {} },
    response: {
      clientDataJSON: memberOf(read, 'clientDataJSON'),
      attestationObject: memberOf(read, 'attestationObject'),
    },
  }
  const verified = await verifyRegistrationResponse({
    response,
    expectedChallenge: challenge,
    expectedOrigin: issuer,
    expectedRPID: relyingPartyOf(issuer) ?? '',
    requireUserVerification: true,
    supportedAlgorithmIDs: ALGORITHMS,
  }).catch((error: unknown) => {
    const why = error instanceof Error ? error.message.slice(0, 200) : 'it cannot be read'
    throw new Problem('passkey.invalid', `the new passkey is refused: ${why}`)
  })
  if (!verified.verified)
    throw new Problem('passkey.invalid', 'the new passkey is refused: its statement does not fit')
  const { counter, id, publicKey } = verified.registrationInfo.credential
  return { credentialId: id, publicKey, counter, transports: transportsIn(transports) }
}

const TRANSPORTS = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb'])

function transportsIn(value: unknown): string {
  const given = Array.isArray(value) ? value.filter((each) => TRANSPORTS.has(each)) : []
  return [...new Set(given)].join(' ')
}
