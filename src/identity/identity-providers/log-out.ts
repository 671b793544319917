import type { KeyObject } from 'node:crypto'
import { type Claims, checkJwt, unverifiedIssuer } from '../../platform/jose/index.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { isRecord } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { RemoteKeys } from '../../platform/net/index.ts'
import type { Change } from '../../platform/revocation/index.ts'
import { consumeOnce, type Tx } from '../../platform/storage/index.ts'
import { findPersonBySubject, type PeopleParts } from '../people/index.ts'
import { deleteCliCodesOf, deleteSessionsAt, rememberEnded } from '../sessions/index.ts'
import type { IdentityProvider } from './identity-provider.ts'
import { selectProvider } from './identity-provider-store.ts'
import { SIGN_IN_LIFE_MS } from './sign-in-store.ts'
import { ALGORITHMS } from './subject-token.ts'

const EVENT = 'http://schemas.openid.net/event/backchannel-logout'
/** Section 2.4 names the first; providers that know only its draft send the others, and the event tells it from an ID token. */
const TYP = ['logout+jwt', 'JWT', '']
const MAX_AGE_SECONDS = 600
const NAME = /^[\x20-\x7e]{1,255}$/

/** Session that ended at the provider, and whose it was. At least one of the two is there. */
interface EndedSession {
  readonly subject: string | undefined
  readonly sid: string | undefined
}

/** Act that ends more than a person's sessions, in the same transaction. */
export type LogOutAct = (tx: Tx, personId: string) => Promise<Change>

/**
 * Ends sessions of a person who signed out at their provider (OpenID Connect Back-Channel Logout 1.0). Their sessions here end: those
 * of the named session, or all of the named person. `also` is run for each person whom it concerns, if the provider was
 * registered so. Answers after every replica knows.
 * Throws `logout_token.invalid`, `logout_token.replayed`, `provider.unreachable`, `outbound.…`.
 */
export async function logOut(
  parts: PeopleParts,
  keysOf: (issuer: string) => Promise<RemoteKeys<KeyObject>>,
  token: string,
  also: LogOutAct,
): Promise<void> {
  const { provider, claims } = await checked(parts, keysOf, token)
  const ended = readEnded(claims)
  const changes = await parts.storage.lanes.revocation.transaction(async (tx) => {
    await useUp(tx, claims)
    // INVARIANT: a person on the way back from the provider when its session ends is not signed in by it; see `openSession`.
    if (ended.sid !== undefined)
      await rememberEnded(
        tx,
        { issuer: provider.issuer, sid: ended.sid },
        parts.clock.now() + SIGN_IN_LIFE_MS,
      )
    const persons = await endSessions(parts, tx, provider.issuer, ended)
    const raised: Change[] = []
    if (provider.closesTasks) for (const id of persons) raised.push(await also(tx, id))
    return raised
  })
  for (const change of changes) await parts.live.settle(change)
}

/** Section 2.6, steps 1 to 3: signature, issuer, audience, times. */
async function checked(
  parts: PeopleParts,
  keysOf: (issuer: string) => Promise<RemoteKeys<KeyObject>>,
  token: string,
): Promise<{ provider: IdentityProvider; claims: Claims }> {
  try {
    const issuer = unverifiedIssuer(token)
    const provider =
      issuer === undefined ? undefined : await selectProvider(parts.storage.read, issuer)
    if (!provider) throw invalidLogoutToken('its issuer is not a configured identity provider')
    const keys = await keysOf(provider.issuer)
    const claims = await checkJwt(token, {
      typ: TYP,
      issuer: provider.issuer,
      audience: (all) => all.length === 1 && all[0] === provider.clientId,
      algorithms: ALGORITHMS,
      keyFor: (header) => keys.find(header),
      clock: parts.clock,
      maxAgeSeconds: MAX_AGE_SECONDS,
      fractions: true,
    })
    return { provider, claims }
  } catch (cause) {
    if (cause instanceof Problem && cause.code.startsWith('token.'))
      throw invalidLogoutToken(cause.detail, cause)
    throw cause
  }
}

/** Section 2.6, steps 4 to 6: it says that, and of whom; an ID token cannot. */
function readEnded({ events, jti, nonce, sid, sub }: Claims): EndedSession {
  const event: unknown = isRecord(events) ? events[EVENT] : undefined
  if (!isRecord(event)) throw invalidLogoutToken('`events` is not that of a logout token')
  if (nonce !== undefined) throw invalidLogoutToken('there is a `nonce` in it')
  if (typeof jti !== 'string' || !NAME.test(jti)) throw invalidLogoutToken('`jti` is missing')
  if (!isNameOrAbsent(sub) || !isNameOrAbsent(sid))
    throw invalidLogoutToken('`sub` or `sid` is not valid')
  if (sub === undefined && sid === undefined)
    throw invalidLogoutToken('neither `sub` nor `sid` is in it')
  return { subject: sub, sid }
}

async function useUp(tx: Tx, { exp, iat, iss, jti }: Claims): Promise<void> {
  const key = sha256url(canonicalJson({ iss, jti: String(jti) }))
  const until = Math.min(exp, iat + MAX_AGE_SECONDS) * 1000
  if (!(await consumeOnce(tx, 'logout_token', key, until)))
    throw new Problem('logout_token.replayed', 'this logout token was used before')
}

/** Answers whom it concerns, with or without a session. */
async function endSessions(
  parts: PeopleParts,
  tx: Tx,
  issuer: string,
  ended: EndedSession,
): Promise<readonly string[]> {
  const counts = new Map<string, number>()
  const { subject } = ended
  const named = subject === undefined ? undefined : await findPersonBySubject(tx, issuer, subject)
  if (named) counts.set(named.id, 0)
  // An unknown person: nothing ends.
  if (subject !== undefined && !named) return []
  for (const id of await deleteSessionsAt(tx, { issuer, personId: named?.id, sid: ended.sid }))
    counts.set(id, (counts.get(id) ?? 0) + 1)
  for (const [person, sessions] of counts) {
    await deleteCliCodesOf(tx, person)
    await parts.ledger.append(tx, {
      type: 'person.signed_out',
      person,
      by: 'identity_provider',
      facts: { issuer, sessions },
    })
  }
  return [...counts.keys()]
}

function isNameOrAbsent(value: unknown): value is string | undefined {
  return value === undefined || (typeof value === 'string' && NAME.test(value))
}

function invalidLogoutToken(detail: string, cause?: unknown): Problem {
  return new Problem('logout_token.invalid', detail, cause === undefined ? {} : { cause })
}
