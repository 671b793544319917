import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import type { Session } from './session.ts'

const SESSIONS = codec('sessions').of<Session>({
  read: { proved: ({ acr, proved_at: authTime }) => ({ authTime, acr }) },
  write: { proved_at: ({ proved }) => proved.authTime, acr: ({ proved }) => proved.acr },
})

export async function insertSession(tx: Tx, session: Session): Promise<void> {
  await tx.insertInto('sessions').values(SESSIONS.write(session)).execute()
}

export async function selectSession(reader: Reader, digest: string): Promise<Session | undefined> {
  const row = await reader
    .selectFrom('sessions')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && SESSIONS.read(row)
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
