import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { findPerson, type PeopleParts } from '../people/index.ts'
import { hasEnded } from './ended-session.ts'
import { SESSION_LIFE_MS, type Session, type SessionKind } from './session.ts'
import { deleteSession, insertSession } from './session-store.ts'
import { type SignInProof, UNPROVED } from './step-up.ts'
import { newToken, tokenDigest } from './token.ts'

interface Opening {
  readonly personId: string
  readonly kind: SessionKind
  /** Epoch milliseconds; never taken to be in the future. */
  readonly authTime: number
  /** Id of the provider's session, if the provider gave one. */
  readonly sid?: string | null
  readonly proved?: SignInProof
}

/**
 * Opens a session after a sign-in. `replaces` is the token the browser came with: it ends, so that a token planted
 * before the sign-in is worth nothing after it (session fixation). Throws `person.unknown`, `person.suspended`,
 * and `sign_in.unknown` when the session at the provider ended meanwhile.
 */
export async function openSession(
  parts: PeopleParts,
  opening: Opening & { readonly replaces?: string },
): Promise<{ token: Secret; session: Session }> {
  return parts.storage.transaction(async (tx) => {
    const former = opening.replaces === undefined ? undefined : tokenDigest(opening.replaces)
    if (former !== undefined) await deleteSession(tx, former)
    return openSessionIn(parts, tx, opening)
  })
}

/** Opens a session inside a transaction of the caller's. */
export async function openSessionIn(
  parts: PeopleParts,
  tx: Tx,
  opening: Opening,
): Promise<{ token: Secret; session: Session }> {
  const { personId, kind, authTime, sid = null, proved = UNPROVED } = opening
  const person = await findPerson(tx, personId)
  if (!person) throw new Problem('person.unknown', `there is no person \`${personId}\``)
  if (person.status !== 'active') throw new Problem('person.suspended', 'this person is suspended')
  if (sid !== null && (await hasEnded(tx, { issuer: person.issuer, sid })))
    throw new Problem('sign_in.unknown', 'the session at the identity provider has ended')
  const now = parts.clock.now()
  const { token, digest } = newToken(parts.random)
  const session: Session = {
    digest,
    personId,
    kind,
    authTime: Math.min(authTime, now),
    createdAt: now,
    lastSeenAt: now,
    expiresAt: now + SESSION_LIFE_MS,
    sid,
    proved,
  }
  await insertSession(tx, session)
  await parts.ledger.append(tx, { type: 'session.opened', person: personId, facts: { kind } })
  return { token, session }
}
