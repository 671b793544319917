import type { Reader, Step, Tx } from '../storage/index.ts'
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
    }
  )
}

/** A session that ended meanwhile is not brought back: the update then touches nothing. */
export function touchStep(reader: Reader, digest: string, now: number): Step {
  return {
    name: 'session seen',
    query: reader.updateTable('sessions').set({ last_seen_at: now }).where('digest', '=', digest),
    rows: 'any',
  }
}

/** Whose session it was, when there was one. */
export async function deleteSession(tx: Tx, digest: string): Promise<string | undefined> {
  const row = await tx
    .deleteFrom('sessions')
    .where('digest', '=', digest)
    .returning('person_id')
    .executeTakeFirst()
  return row?.person_id
}

/** How many there were. */
export async function deleteSessionsOf(tx: Tx, personId: string): Promise<number> {
  const { numDeletedRows } = await tx
    .deleteFrom('sessions')
    .where('person_id', '=', personId)
    .executeTakeFirstOrThrow()
  return Number(numDeletedRows)
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
