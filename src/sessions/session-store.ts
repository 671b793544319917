import type { Reader, Tx } from '../storage/index.ts'
import type { Session, SessionKind } from './session.ts'

export async function insertSession(tx: Tx, session: Session): Promise<void> {
  await tx
    .insertInto('sessions')
    .values({
      digest: session.digest,
      person_id: session.personId,
      kind: session.kind,
      auth_time: session.authTime,
      created_at: session.createdAt,
      last_seen_at: session.lastSeenAt,
      expires_at: session.expiresAt,
      sid: session.sid,
      proved_at: session.proved.authTime,
      acr: session.proved.acr,
    })
    .execute()
}

export async function selectSession(reader: Reader, digest: string): Promise<Session | undefined> {
  const row = await reader
    .selectFrom('sessions')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst()
  return (
    row && {
      digest: row.digest,
      personId: row.person_id,
      kind: row.kind as SessionKind, // a CHECK of the table
      authTime: row.auth_time,
      createdAt: row.created_at,
      lastSeenAt: row.last_seen_at,
      expiresAt: row.expires_at,
      sid: row.sid,
      proved: { authTime: row.proved_at, acr: row.acr },
    }
  )
}

/** A session that ended meanwhile is not brought back: the update then touches nothing. */
export async function touchSession(tx: Tx, digest: string, now: number): Promise<void> {
  await tx.updateTable('sessions').set({ last_seen_at: now }).where('digest', '=', digest).execute()
}

/** Deletes a session. Answers whose it was, when there was one. */
export async function deleteSession(tx: Tx, digest: string): Promise<string | undefined> {
  const row = await tx
    .deleteFrom('sessions')
    .where('digest', '=', digest)
    .returning('person_id')
    .executeTakeFirst()
  return row?.person_id
}

/** Deletes the sessions of a person. Answers how many there were. */
export async function deleteSessionsOf(tx: Tx, personId: string): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('sessions')
    .where('person_id', '=', personId)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
}

/**
 * Ends sessions of people of a provider: of one person, of one session there, or of both. Of a named person, those whose
 * session there is not known end as well. Answers whose they were, once for each.
 */
export async function deleteSessionsAt(
  tx: Tx,
  of: { issuer: string; personId: string | undefined; sid: string | undefined },
): Promise<string[]> {
  const { issuer, personId, sid } = of
  let query = tx
    .deleteFrom('sessions')
    .where('person_id', 'in', (persons) =>
      persons.selectFrom('persons').select('id').where('issuer', '=', issuer),
    )
  if (personId !== undefined) query = query.where('person_id', '=', personId)
  if (sid !== undefined)
    query = query.where((where) =>
      personId === undefined
        ? where('sid', '=', sid)
        : where.or([where('sid', '=', sid), where('sid', 'is', null)]),
    )
  return (await query.returning('person_id').execute()).map((row) => row.person_id)
}

/** Sessions that are over, by age or by a browser's silence. */
export async function deleteEndedSessions(tx: Tx, now: number, idleSince: number): Promise<void> {
  await tx
    .deleteFrom('sessions')
    .where((where) =>
      where.or([
        where('expires_at', '<=', now),
        where.and([where('kind', '=', 'browser'), where('last_seen_at', '<=', idleSince)]),
      ]),
    )
    .execute()
}
