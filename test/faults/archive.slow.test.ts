import assert from 'node:assert/strict'
import { it } from 'node:test'
import { ServerProcess } from '../replicas/server-process.ts'
import { until } from '../until.ts'
import { inEachWorld } from '../world.ts'
import {
  afterRequests,
  archiveSettings,
  fillAndSetUp,
  here,
  verdictOf,
  whenLeft,
} from './archiving.ts'

inEachWorld(
  'the archive of a server that is killed',
  (world) => {
    it('wherever it is killed, nothing is lost, nothing is replaced, and the next one goes on', async () => {
      const w = world()
      const { records, store } = await fillAndSetUp(w)
      let server: ServerProcess | undefined
      // What is there already is only looked at: later rounds have less to do.
      for (const requests of [3, 12]) {
        const reached = Promise.withResolvers<void>()
        afterRequests(store, requests, reached.resolve)
        if (server) await server.resume()
        else server = await ServerProcess.inPlaceOf(w, 1)
        await reached.promise
        await server.kill()
      }
      store.faults.length = 0
      await w.startServer()
      assert.deepEqual(await w.rooms.ledger.records(0, 600), records)
      await until(() => whenLeft(w))
      assert.equal(await here(w), 0)
      assert.deepEqual(store.replaced, [])
      assert.deepEqual(await w.rooms.ledger.records(0, 600), records)
      assert.equal(await verdictOf(w), 'ok')
    })
  },
  {
    settings: () => ({ ...archiveSettings(), RETENTION_EVERY_MS: '20' }),
    retentionEveryMs: 20,
  },
)
