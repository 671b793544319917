import assert from 'node:assert/strict'
import { ARCHIVE_TABLES } from '../../src/extensions/archive/tables.ts'
import { type ScriptedStore, scriptedStore } from '../../src/extensions/archive/testing.ts'
import { verifyLedger } from '../../verifier/src/index.ts'
import type { World } from '../world.ts'

const DAY_MS = 86_400_000

/** Settings of the archive of a world; none, until a test has written what is archived. */
let settings: Readonly<Record<string, string>> = {}
export const archiveSettings = () => settings

/** Fills the ledger of a world with 600 old records more, and sets up a store in which nothing is yet. */
export async function fillAndSetUp(w: World) {
  const ends: (() => void)[] = []
  const store = await scriptedStore({ after: (end) => void ends.push(end as () => void) }) // as: they take nothing
  w.onStop(async () => {
    settings = {}
    for (const end of ends) end()
  })
  const { ledger, storage } = w.rooms
  const events = Array.from({ length: 200 }, (_, i) => ({ type: 'test.done', by: `psn_${i}` }))
  for (let i = 0; i < 3; i++) await storage.transaction((tx) => ledger.append(tx, ...events))
  await ledger.sequence()
  const records = await ledger.records(0, 600)
  assert.equal(records.length, 600)
  w.clock.advance(2 * DAY_MS)
  settings = {
    ...{ REMIT_ARCHIVE: 's3://records/remit', REMIT_ARCHIVE_ENDPOINT: store.endpoint },
    ...{ REMIT_ARCHIVE_KEY_ID: 'remit', REMIT_ARCHIVE_SECRET_KEY: 'a-secret-canary-8Kx' },
    REMIT_ARCHIVE_AFTER_DAYS: '1',
  }
  return { records, store }
}

/** Calls `then` when so many requests have reached the store, and does not answer the last of them. */
export function afterRequests(store: ScriptedStore, count: number, then: () => void): void {
  store.faults.length = 0
  for (let i = 1; i < count; i++) store.faults.push(undefined)
  store.faults.push((request) => {
    then()
    request.socket.destroy()
  })
}

/** Number of records of the first 512 that are in the database, packed or not. */
export async function here(w: World): Promise<number> {
  const rows = await w.rooms.storage.read
    .selectFrom('ledger_leaves')
    .select('position')
    .where('position', '>=', 0)
    .where('position', '<', 512)
    .execute()
  const bundles = await w.rooms.storage.read
    .selectFrom('ledger_bundles')
    .select('bundle')
    .where('bundle', '<', 2)
    .execute()
  return rows.length + bundles.length * 256
}

export async function isSealed(w: World): Promise<boolean> {
  const read = ARCHIVE_TABLES.in(w.rooms.storage.read)
  const rows = await read.selectFrom('ledger_segments').select('from_position').execute()
  return rows.length > 0
}

/** Time at which the last record of the first segment left; undefined: not yet. */
export async function whenLeft(w: World): Promise<number | undefined> {
  const row = await ARCHIVE_TABLES.in(w.rooms.storage.read)
    .selectFrom('ledger_segments')
    .select(['from_position', 'removed_at'])
    .executeTakeFirst()
  return row?.removed_at ?? undefined
}

/** Verdict of the verifier on what the server exports. */
export async function verdictOf(w: World): Promise<string> {
  const ada = await w.api('ada')
  const { status, text } = await ada.send('GET', '/ledger/export')
  assert.equal(status, 200)
  const files = new Map<string, Buffer>()
  for (const line of text.trimEnd().split('\n')) {
    const { data, path }: { data: string; path: string } = JSON.parse(line)
    files.set(path, Buffer.from(data, 'base64'))
  }
  const source = { read: async (path: string) => files.get(path), async *lines() {} }
  const { message, verdict } = await verifyLedger(source)
  return verdict === 'ok' ? verdict : message
}
