import assert from 'node:assert/strict'
import { appendFile, mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it, type TestContext } from 'node:test'
import { ledgerKey, ledgerOn } from '../../platform/ledger/testing.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { diagnosed } from '../../programs/doctor/testing.ts'
import { beginRetention, setHold } from '../retention/index.ts'
import { archive } from './archive.ts'
import { FolderStore } from './places/folder-store.ts'
import { scriptedStore } from './testing.ts'

const DAY_MS = 86_400_000

forEachEngine('the archive, as the doctor sees it', (open) => {
  it('none; one in which nothing is; one that is as it was signed; one that is not', async (t) => {
    const storage = await open()
    const folder = await emptyFolder(t)
    const settings = { REMIT_ARCHIVE: folder, REMIT_ARCHIVE_AFTER_DAYS: '365' }
    const look = (more = {}) =>
      diagnosed('archive', { settings: { ...settings, ...more }, snapshot: storage })
    const status = async (more = {}) => (await look(more)).status
    assert.equal(
      await status({ REMIT_ARCHIVE: '', REMIT_ARCHIVE_AFTER_DAYS: '0' }),
      'not_applicable',
    )
    assert.equal(await status({ REMIT_ARCHIVE: join(folder, 'nothing') }), 'error')
    assert.match((await look()).message, /nothing is sealed in it yet\.$/)

    await fill(storage, folder)
    assert.equal(await status(), 'ok')
    assert.match((await look()).message, /^512 records are sealed in .*, and the last segment is/)
    assert.equal(await status({ REMIT_ARCHIVE: '', REMIT_ARCHIVE_AFTER_DAYS: '0' }), 'error')
    // A folder that is not mounted.
    assert.equal(await status({ REMIT_ARCHIVE: await emptyFolder(t) }), 'error')

    const bundle = join(folder, '0', 'tile', 'entries', '001.gz')
    await appendFile(bundle, 'more')
    const changed = await look()
    assert.equal(changed.status, 'error')
    assert.match(changed.message, /001\.gz was changed/)
    assert.ok(changed.fix)
    const manifest = join(folder, '0', 'segment', '000000000000000-000000000000512')
    await rename(manifest, `${manifest}.away`)
    assert.match((await look()).message, /no manifest that was signed/)
  })

  it('a segment of another key', async (t) => {
    const storage = await open()
    const folder = await emptyFolder(t)
    await fill(storage, folder, { isKnown: false })
    const settings = { REMIT_ARCHIVE: folder }
    const { message, status } = await diagnosed('archive', { settings, snapshot: storage })
    assert.equal(status, 'error')
    assert.match(message, /no manifest that was signed/)
  })

  it('an archive that is behind, and a store that replaces files or is not there', async (t) => {
    const storage = await open()
    const folder = await emptyFolder(t)
    const settings = { REMIT_ARCHIVE: folder, REMIT_ARCHIVE_AFTER_DAYS: '30' }
    await fill(storage, folder, { isArchived: false })
    const behind = await diagnosed('archive', { settings, snapshot: storage })
    assert.equal(behind.status, 'warning')
    assert.match(behind.message, /^The archive is 70 days behind/)
    assert.match(behind.fix ?? '', /log/)
    const parts = { storage, ledger: ledgerOn(storage), clock: manualClock(), random: systemRandom }
    const scope = { agentId: null, taskId: null, resource: null, fromAt: null, untilAt: null }
    const { id } = await setHold(parts, { ...scope, matter: 'c1', by: 'psn_1', personId: 'psn_9' })
    await setHold(parts, { ...scope, matter: 'c2', by: 'psn_1', personId: 'psn_599' })
    const held = await diagnosed('archive', { settings, snapshot: storage })
    assert.match(
      held.message,
      new RegExp(`days behind: ${id} holds records of .* wait behind them`),
    )

    const scripted = await scriptedStore(t)
    const store = {
      ...{ REMIT_ARCHIVE: 's3://records/remit', REMIT_ARCHIVE_ENDPOINT: scripted.endpoint },
      ...{ REMIT_ARCHIVE_KEY_ID: 'remit', REMIT_ARCHIVE_SECRET_KEY: 'hunter2-canary-8Kx' },
    }
    const look = (more = {}) =>
      diagnosed('archive', { settings: { ...store, ...more }, snapshot: storage })
    assert.equal((await look()).status, 'ok')
    scripted.conditions = 'ignored'
    const replaces = await look()
    assert.equal(replaces.status, 'warning')
    assert.match(replaces.message, /replaces files/)
    const gone = await look({ REMIT_ARCHIVE_ENDPOINT: 'http://127.0.0.1:9' })
    assert.equal(gone.status, 'error')
    assert.match(gone.message, /does not answer/)
    assert.doesNotMatch(JSON.stringify([replaces, gone]), /canary/)
  })
})

async function emptyFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'remit-archive-'))
  t.after(() => rm(folder, { recursive: true }))
  return folder
}

/** Writes 600 records a hundred days ago, and archives them. */
async function fill(
  storage: Storage,
  folder: string,
  { isArchived = true, isKnown = true } = {},
): Promise<void> {
  await storage.transaction(beginRetention)
  const clock = manualClock()
  const { key } = ledgerKey()
  clock.advance(-100 * DAY_MS)
  const ledger = ledgerOn(storage, { clock, key })
  const events = Array.from({ length: 600 }, (_, i) => ({ type: 'test.done', person: `psn_${i}` }))
  for (let i = 0; i < 600; i += 200)
    await storage.transaction((tx) => ledger.append(tx, ...events.slice(i, i + 200)))
  await ledger.sequence()
  clock.advance(100 * DAY_MS)
  const store = new FolderStore(folder, systemRandom)
  if (isArchived) assert.equal(await archive({ storage, ledger, clock, store, days: 30 }), 512)
  const known = (isKnown ? key : ledgerKey().key).publicJwk
  await storage.transaction((tx) =>
    tx
      .insertInto('signing_keys')
      .values({
        ...{
          kid: 'key_AAAAAAAAAAAAAAAAAAAAAA',
          purpose: 'ledger',
          alg: 'Ed25519',
          custody: 'here',
        },
        ...{ public_jwk: JSON.stringify(known), sealed: new Uint8Array(), retired_at: null },
        created_at: clock.now(),
      })
      .execute(),
  )
}
