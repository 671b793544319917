import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inEachWorld } from './world.ts'

/** Length of a lease by the clocks of its server (`src/platform/revocation/lease.ts`). */
const LEASE_MS = 4_500

inEachWorld('a world whose time a test moves on', (world) => {
  it('keeps its lease, however little was left of it', async () => {
    const w = world()
    for (const left of [1, 2, 4, 8, 16, 32]) {
      const subjectToken = await w.idToken('sam')
      await w.rooms.live.renew()
      w.clock.advance(LEASE_MS - left)
      assert.ok(await w.agent.open({ subjectToken, details: w.everything }))
    }
  })
})
