/** Runs the replicas for minutes: servers are killed and frozen while everything goes on. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { World } from '../world.ts'
import { ACTS } from './acts.ts'
import { ServerProcess } from './server-process.ts'
import { Traffic } from './traffic.ts'

const skip = process.env.TEST_POSTGRES_URL ? false : 'needs PostgreSQL (TEST_POSTGRES_URL)'
const FOR_MS = 100_000
/** Time that is longer than a lease, so that a frozen server wakes without one. */
const FROZEN_MS = 6_000

describe('three server processes that are killed and frozen', { skip }, () => {
  it('keep every promise that the API can see', async () => {
    const w = await World.start('postgres')
    const servers = await Promise.all([1, 2, 3].map(() => ServerProcess.start(w)))
    try {
      const traffic = new Traffic(w)
      const end = performance.now() + FOR_MS
      const running = () => performance.now() < end
      const work = ACTS.map(async (act) => {
        // An act fails where a server that it needs is gone; what it did until then is counted all the same.
        while (running()) await act(w, traffic, servers).catch(() => {})
      })
      for (let i = 0; running(); i++) {
        const victim = servers[i % servers.length]
        if (i % 2 === 0) {
          await victim?.kill()
          await victim?.resume()
        } else {
          const goOn = victim?.freeze()
          await setTimeout(FROZEN_MS)
          goOn?.()
        }
        assert.doesNotThrow(() => traffic.assertInvariants())
      }
      await Promise.all(work)
      assert.ok(traffic.assertInvariants() > 100)
    } finally {
      await Promise.all(servers.map((each) => each.kill()))
      await w.stop()
    }
  })
})
