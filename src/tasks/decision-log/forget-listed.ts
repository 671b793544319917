import { sql } from 'kysely'
import type { Reader, Storage } from '../../platform/storage/index.ts'

/** Entries that are looked at in one statement. */
const AT_ONCE = 1_000

interface ListEntry {
  readonly key: string
  readonly at: number
  readonly row: number
}

const BEFORE_ALL: ListEntry = { key: '', at: -1, row: -1 }

/**
 * Forgets entries of the lists whose decision was deleted, of those from before a time. They go by themselves, in the order of the
 * lists: entries that stand together go together, where decisions that were made together would each be in another place.
 */
export async function forgetListed(
  storage: Pick<Storage, 'commit' | 'engine' | 'read'>,
  {
    atOnce = AT_ONCE,
    before,
    goesOn,
    rest,
  }: {
    readonly before: number
    readonly goesOn: () => boolean
    readonly rest: () => Promise<void>
    readonly atOnce?: number
  },
): Promise<void> {
  if (storage.engine !== 'sqlite') return
  for (const kind of ['task', 'person', 'agent', 'all']) {
    let after = BEFORE_ALL
    while (goesOn()) {
      const last = await lastOfNext(storage.read, { kind, after, atOnce })
      if (!last) break
      await forgetBetween(storage, { kind, after, last, before })
      // Skips the rest of the key: all of it is newer.
      after = last.at < before ? last : { ...last, at: Number.MAX_SAFE_INTEGER }
      await rest()
    }
  }
}

/** The last one of the next entries. */
async function lastOfNext(
  db: Reader,
  {
    after,
    atOnce,
    kind,
  }: { readonly kind: string; readonly after: ListEntry; readonly atOnce: number },
): Promise<ListEntry | undefined> {
  const { rows } = await sql<ListEntry>`SELECT key, at, row FROM
    (SELECT key, at, row FROM decision_lists WHERE kind = ${kind}
      AND (key, at, row) > (${after.key}, ${after.at}, ${after.row}) ORDER BY key, at, row LIMIT ${atOnce})
    ORDER BY key DESC, at DESC, row DESC LIMIT 1`.execute(db)
  return rows[0]
}

async function forgetBetween(
  { commit, read }: Pick<Storage, 'commit' | 'read'>,
  of: {
    readonly kind: string
    readonly after: ListEntry
    readonly last: ListEntry
    readonly before: number
  },
): Promise<void> {
  const { after, before, kind, last } = of
  const those = sql`FROM decision_lists AS l WHERE kind = ${kind}
    AND (key, at, row) > (${after.key}, ${after.at}, ${after.row})
    AND (key, at, row) <= (${last.key}, ${last.at}, ${last.row}) AND at < ${before}
    AND NOT EXISTS (SELECT 1 FROM decisions d WHERE d.rowid = l.row AND d.at = l.at)`
  const { rows } = await sql`SELECT 1 ${those} LIMIT 1`.execute(read)
  if (rows.length === 0) return
  const query = { compile: () => sql`DELETE ${those}`.compile(read) }
  await commit([{ name: 'entries of deleted decisions', query, rows: 'any' }])
}
