import type { Selectable } from 'kysely'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { Id } from '../../lib/id.ts'
import type { Reader, Schema, Tx } from '../../storage/index.ts'
import type { Thread } from './thread.ts'

export async function findThread(reader: Reader, id: string): Promise<Thread | undefined> {
  const row = await reader.selectFrom('threads').selectAll().where('id', '=', id).executeTakeFirst()
  return row && threadOf(row)
}

/** Finds a thread by the name that its surface gave it. */
export async function threadByName(
  reader: Reader,
  spaceId: string,
  name: string,
): Promise<Thread | undefined> {
  const row = await reader
    .selectFrom('threads')
    .selectAll()
    .where('space_id', '=', spaceId)
    .where('name', '=', name)
    .executeTakeFirst()
  return row && threadOf(row)
}

/** Lists the threads of one space, the newest statements first. */
export async function listThreads(
  reader: Reader,
  spaceId: string,
  limit: number,
): Promise<readonly Thread[]> {
  const rows = await reader
    .selectFrom('threads')
    .selectAll()
    .where('space_id', '=', spaceId)
    .orderBy('stated_at', 'desc')
    .orderBy('id')
    .limit(limit)
    .execute()
  return rows.map(threadOf)
}

export async function insertThread(tx: Tx, thread: Thread): Promise<void> {
  const { id, name, spaceId } = thread
  await tx
    .insertInto('threads')
    .values({ id, space_id: spaceId, name, ...stated(thread) })
    .execute()
}

export async function updateThread(tx: Tx, thread: Thread): Promise<void> {
  await tx.updateTable('threads').set(stated(thread)).where('id', '=', thread.id).execute()
}

function stated(thread: Thread) {
  return {
    surface_id: thread.surfaceId,
    version: thread.version,
    requester_id: thread.requesterId,
    participants: canonicalJson(thread.participantIds),
    strangers: thread.strangers,
    agents: canonicalJson(thread.agents),
    stated_at: thread.statedAt,
    ended_at: thread.endedAt,
  }
}

function threadOf(row: Selectable<Schema['threads']>): Thread {
  return {
    id: row.id as Id<'thread'>, // every id in this table was made by newId('thread')
    spaceId: row.space_id,
    name: row.name,
    surfaceId: row.surface_id as Id<'surface'>, // written from a surface's id
    version: row.version,
    requesterId: row.requester_id,
    participantIds: JSON.parse(row.participants) as string[], // written by `stated`
    strangers: row.strangers,
    agents: JSON.parse(row.agents) as string[], // likewise
    statedAt: row.stated_at,
    endedAt: row.ended_at,
  }
}
