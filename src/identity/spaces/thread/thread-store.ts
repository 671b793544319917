import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { codec, type Reader, type Tx } from '../../../platform/storage/index.ts'
import type { Thread } from './thread.ts'

const THREADS = codec('threads').of<Thread>({
  read: { participantIds: ({ participants }) => JSON.parse(participants) as string[] }, // as: written below
  write: { participants: ({ participantIds }) => canonicalJson(participantIds) },
})

export async function findThread(reader: Reader, id: string): Promise<Thread | undefined> {
  const row = await reader.selectFrom('threads').selectAll().where('id', '=', id).executeTakeFirst()
  return row && THREADS.read(row)
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
  return row && THREADS.read(row)
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
  return rows.map(THREADS.read)
}

export async function insertThread(tx: Tx, thread: Thread): Promise<void> {
  await tx.insertInto('threads').values(THREADS.write(thread)).execute()
  await noteRequester(tx, thread)
}

export async function updateThread(tx: Tx, thread: Thread): Promise<void> {
  const { id, name, space_id, ...stated } = THREADS.write(thread)
  await tx.updateTable('threads').set(stated).where('id', '=', id).execute()
  await noteRequester(tx, thread)
}

/** Keeps who asked until when: a person does not approve later what they asked for in this conversation. */
async function noteRequester(tx: Tx, { id, requesterId, statedAt }: Thread): Promise<void> {
  await tx
    .updateTable('thread_requesters')
    .set({ until: statedAt })
    .where('thread_id', '=', id)
    .where('until', 'is', null)
    .execute()
  if (requesterId === null) return
  await tx
    .insertInto('thread_requesters')
    .values({ thread_id: id, person_id: requesterId, until: null })
    .onConflict((conflict) =>
      conflict.columns(['thread_id', 'person_id']).doUpdateSet({ until: null }),
    )
    .execute()
}
