import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { it } from 'node:test'
import {
  backUp,
  exportMove,
  importFrom,
  prepareForImport,
  restore,
  type TestStore,
} from '../../src/extensions/backup/testing.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import { TEST_CONNECTIONS, takeDatabase } from '../../src/platform/storage/postgres/testing.ts'
import { testedEngines } from '../../src/platform/storage/testing.ts'
import { readSettings } from '../../src/programs/config/settings.ts'
import { verifyLedger } from '../../verifier/src/index.ts'
import { assertNoToken, assertRequestable } from '../refusals.ts'
import { inEachWorld, type World } from '../world.ts'

const READ = '/echo/things/1'
const ERASE = '/echo/things/x'

/** Maximum of calls beside a backup, however long it takes. */
const MAX_CALLS = 20

/** Settings that say where the database of the world is now. */
let place: Readonly<Record<string, string>> = {}

function partsOf(w: World): TestStore {
  return {
    settings: readSettings(w.environment),
    ...{ clock: w.clock, random: systemRandom, release: 'test', onTable: () => {} },
    onError: () => {},
    storage: { connections: TEST_CONNECTIONS, databaseClock: w.clock },
  }
}

/** An empty place of an engine, with the master key of the world. */
async function emptyPlace(w: World, engine: 'sqlite' | 'postgres') {
  w.onStop(async () => {
    place = {}
  })
  const key = w.environment.REMIT_MASTER_KEY ?? ''
  if (engine === 'postgres') {
    const database = await takeDatabase(process.env.TEST_POSTGRES_URL ?? '')
    w.onStop(() => database.giveBack())
    return { DATABASE_URL: database.url, REMIT_MASTER_KEY: key, REMIT_DATA: w.data }
  }
  const data = await folder(w)
  return { DATABASE_URL: '', REMIT_DATA: data, REMIT_MASTER_KEY: key }
}

async function folder(w: World): Promise<string> {
  const made = await mkdtemp(join(tmpdir(), 'remit-backup-'))
  w.onStop(() => rm(made, { recursive: true }))
  return made
}

/** Tasks, a token and a question as they were when the backup was taken, in the midst of calls. */
async function lived(w: World, take: (directory: string) => Promise<unknown>) {
  const [closed, open] = [await w.open(), await w.open()]
  const tokens = {
    closed: await w.agent.token(closed, `${w.gateway}/echo`),
    open: await w.agent.token(open, `${w.gateway}/echo`),
  }
  const asked = assertRequestable(await w.agent.call(open, 'DELETE', ERASE, { token: tokens.open }))
  const directory = await folder(w)
  let isTaken = false
  const taking = take(directory).finally(() => {
    isTaken = true
  })
  for (let calls = 0; calls === 0 || (!isTaken && calls < MAX_CALLS); calls++) {
    const call = await w.agent.call(open, 'GET', READ, { token: tokens.open })
    assert.equal(call.status, 200, call.text)
  }
  await taking
  return { closed, open, tokens, asked, directory }
}

async function verified(w: World, since?: string) {
  const files = new Map<string, Buffer>()
  await w.rooms.ledger.exportTo(async (path, bytes) => {
    files.set(path, Buffer.concat([files.get(path) ?? Buffer.alloc(0), bytes]))
  })
  return verifyLedger(
    { read: async (path) => files.get(path), async *lines() {} },
    since === undefined ? {} : { since: Buffer.from(since) },
  )
}

const names = testedEngines()

inEachWorld(
  'a backup, taken while calls run',
  (world) => {
    for (const target of names) {
      it(`restored on ${target}: nothing that ended comes to life again, nothing is permitted before an administrator looked, the ledger verifies`, async () => {
        const w = world()
        const { asked, closed, directory, open, tokens } = await lived(w, (path) =>
          backUp(partsOf(w), path),
        )
        // After the backup: a task is closed, a call approved, an agent's call made. All of it will be lost.
        assert.equal((await w.agent.about(closed, 'DELETE', '')).status, 200)
        const fiona = await w.browser('fiona')
        assert.equal((await fiona.submit(await fiona.get(asked.page), /^Approve once/)).status, 200)
        const late = await w.open()
        const lateToken = await w.agent.token(late, `${w.gateway}/echo`)
        await w.rooms.ledger.sequence()
        const since = await w.rooms.ledger.checkpoint()

        await w.stopServer()
        place = await emptyPlace(w, target)
        const report = await restore(partsOf(w), { directory })
        assert.ok(report.work.tasks >= 2, JSON.stringify(report.work))
        assert.ok(report.work.requests >= 1 && report.keys.length >= 1)
        await w.startServer()
        w.forgetBrowsers()

        assert.equal((await fetch(`${w.issuer}/readyz`)).status, 503)
        const reached = w.echo.reached.length
        const dead: readonly [typeof open, string, string][] = [
          [closed, READ, tokens.closed],
          [open, READ, tokens.open],
          [late, READ, lateToken],
        ]
        for (const [task, path, token] of dead)
          assert.notEqual((await w.agent.call(task, 'GET', path, { token })).status, 200)
        assert.notEqual(
          (await w.agent.call(open, 'DELETE', ERASE, { token: tokens.open })).status,
          200,
        )
        await assert.rejects(w.open(), 'nothing opens before an administrator looked')
        const ada = await w.api('ada')
        const accepted = await ada.send('POST', '/ledger/break/accept', { history: report.history })
        assert.equal(accepted.status, 200, accepted.text)

        for (const [task, path, token] of dead) {
          const { body, status } = await w.agent.call(task, 'GET', path, { token })
          assert.deepEqual([status, body.code], [401, 'token.unknown_key'])
        }
        assertNoToken(await w.agent.askToken(open, w.orders), 'invalid_grant', 'token.unknown_key')
        const erased = await w.agent.call(open, 'DELETE', ERASE, { token: tokens.open })
        assert.notEqual(erased.status, 200)
        assert.equal(w.echo.reached.length, reached, 'what was approved is void')
        const page = await (await w.browser('fiona')).get(asked.page)
        assert.ok(!page.html.includes('Approve once'), 'nobody can answer it any more')

        const types = (await w.ledger()).map(({ type }) => type)
        for (const type of ['database.restored', 'ledger.break_accepted'])
          assert.ok(types.includes(type), type)
        const whole = await verified(w)
        assert.deepEqual([whole.verdict, whole.message], ['ok', 'every record is as it was signed'])
        const cut = await verified(w, since)
        assert.ok(['modified', 'truncated'].includes(cut.verdict), cut.message)

        // Consents ended with the backup: the person is asked again, and then work goes on.
        await w.allow('sam')
        const task = await w.open()
        assert.equal((await w.agent.call(task, 'GET', READ)).status, 200)
      })
    }

    for (const target of names) {
      it(`moved to ${target}: what was open goes on there, and nowhere else`, async () => {
        const w = world()
        const task = await w.open()
        const asked = assertRequestable(await w.agent.call(task, 'DELETE', ERASE))
        const source = partsOf(w)
        const directory = await folder(w)
        const [here, there] = [place, await emptyPlace(w, target)]
        place = there
        const { destination } = await prepareForImport(partsOf(w))
        place = here
        await assert.rejects(
          exportMove(source, directory, destination),
          (error: { code?: string }) =>
            ['storage.in_use', 'storage.locked'].includes(error.code ?? ''),
        )
        await w.stopServer()
        await exportMove(source, directory, destination)
        await assert.rejects(w.startServer(), { code: 'storage.moved' })

        place = there
        await importFrom(partsOf(w), directory)
        await assert.rejects(importFrom(partsOf(w), directory), { code: 'backup.imported' })
        await w.startServer()
        assert.equal((await fetch(`${w.issuer}/readyz`)).status, 200)
        const fiona = await w.browser('fiona')
        assert.equal((await fiona.submit(await fiona.get(asked.page), /^Approve once/)).status, 200)
        assert.equal((await w.agent.call(task, 'DELETE', ERASE)).status, 200)
        assert.equal((await verified(w)).verdict, 'ok')
      })
    }
  },
  {
    settings: () => ({
      REMIT_MASTER_KEY: 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8',
      ...place,
    }),
  },
)
