import { Problem } from '../lib/problem.ts'
import type { Reader } from '../storage/index.ts'
import type { Live } from './live.ts'

/** Key in `meta` of a database that was moved elsewhere. Its value: the state of the organization before. */
export const MOVED = 'backup.moved'

/** @throws Problem `storage.moved` */
export async function requireNotMoved(db: Reader): Promise<void> {
  const mark = await db.selectFrom('meta').select('key').where('key', '=', MOVED).executeTakeFirst()
  if (mark)
    throw new Problem(
      'storage.moved',
      'it was exported with `remit export`, and no server may use it any more',
    )
}

/**
 * Takes the first lease of a server.
 * INVARIANT: reads the mark of a moved database after the lease is written. An export looks for
 * leases and writes the mark in one exclusive transaction, so one of the two sees the other.
 * @throws Problem `storage.moved`
 */
export async function startUnlessMoved(
  live: Pick<Live, 'start' | 'stop'>,
  db: Reader,
): Promise<void> {
  await live.start()
  try {
    await requireNotMoved(db)
  } catch (error) {
    await live.stop()
    throw error
  }
}
