import assert from 'node:assert/strict'
import { it } from 'node:test'
import { removals } from '../../src/background.ts'
import { until } from '../until.ts'
import { inEachWorld } from '../world.ts'
import {
  afterRequests,
  archiveSettings,
  fillAndSetUp,
  here,
  isSealed,
  verdictOf,
  whenLeft,
} from './archiving.ts'

const NEVER_MS = 86_400_000

inEachWorld(
  'the archive beside a broken ledger',
  (world) => {
    it('nothing is sealed, and nothing leaves, while the ledger lacks what was signed', async () => {
      const w = world()
      const { records, store } = await fillAndSetUp(w)
      await w.restart()
      /** One round, in which the ledger turns out to be broken at the look of this number. */
      const round = async (brokenAt: number) => {
        let looks = 0
        const ledger = {
          get broken() {
            return looks++ >= brokenAt ? 'records are missing' : undefined
          },
        }
        const rooms = Object.create(w.rooms, { ledger: { value: ledger } })
        const { signal } = new AbortController()
        for (const { name, run } of removals(rooms, signal)) if (name === 'archive') await run()
        return here(w)
      }
      assert.equal(await round(0), 512)
      assert.deepEqual(store.asked, [])
      for (let looks = 1; !(await isSealed(w)); looks++) assert.equal(await round(looks), 512)
      const left: number[] = []
      for (let looks = 0; left.at(-1) !== 0; looks++) left.push(await round(looks))
      // It looks before each bundle.
      assert.deepEqual(new Set(left), new Set([512, 256, 0]))
      assert.deepEqual(await w.rooms.ledger.records(0, 600), records)
    })
  },
  { settings: archiveSettings, retentionEveryMs: NEVER_MS },
)

inEachWorld(
  'the archive of a server that runs',
  (world) => {
    it('goes on by itself wherever the server was stopped; lists, export and verifier see no difference', async () => {
      const w = world()
      const { records, store } = await fillAndSetUp(w)
      // A store that would replace what is there.
      store.conditions = 'ignored'
      await w.stopServer()
      let stops = 0
      for (let requests = 3; ; requests += 6) {
        let stopping: Promise<void> | undefined
        afterRequests(store, requests, () => {
          stopping ??= w.stopServer()
        })
        await w.startServer()
        assert.deepEqual(await w.rooms.ledger.records(0, 600), records)
        const ended = await until(async () => {
          if (stopping) return 'by a stop'
          const left = await whenLeft(w).catch(() => undefined)
          return left === undefined ? undefined : 'by itself'
        })
        if (ended === 'by itself') break
        await stopping
        stops++
      }
      assert.ok(stops > 2, `${stops} stops`)
      assert.equal(await here(w), 0)
      assert.deepEqual(store.replaced, [])

      assert.equal(await verdictOf(w), 'ok')
      const ada = await w.api('ada')
      const listed = await ada.send('GET', '/ledger/records?from=300&limit=100')
      assert.deepEqual(
        Object(listed.body).records,
        records
          .slice(300, 400)
          .map(({ position, record }) => ({ position, record: JSON.parse(record) })),
      )
      assert.doesNotMatch(w.log, /canary-8Kx/)

      // Without the archive, the server still works; with one that changed, nothing of it is believed.
      const [bundle = ''] = [...store.files.keys()].filter((path) => path.endsWith('000.gz'))
      const [other = ''] = [...store.files.keys()].filter((path) => path.endsWith('001.gz'))
      store.files.set(bundle, store.files.get(other) ?? new Uint8Array())
      await w.restart()
      assert.equal((await ada.send('GET', '/ledger/records?from=520')).status, 200)
      const forged = await ada.send('GET', '/ledger/records?from=0')
      assert.equal(Object(forged.body).code, 'archive.damaged')
      store.files.delete(bundle)
      const missing = await ada.send('GET', '/ledger/records?from=0')
      assert.equal(Object(missing.body).code, 'archive.damaged')
    })
  },
  { settings: archiveSettings, retentionEveryMs: 20 },
)
