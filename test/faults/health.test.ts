import assert from 'node:assert/strict'
import { it } from 'node:test'
import { inEachWorld } from '../world.ts'

inEachWorld(
  'readiness',
  (world) => {
    it('says that the store does not work once the lease could not be written for its time', async () => {
      const w = world()
      assert.equal((await fetch(`${w.issuer}/readyz`)).status, 200)
      // As a full disk does: everything can be read, and nothing can be written.
      Object.defineProperty(w.rooms.live, 'inForce', { value: false, configurable: true })
      const ready = await fetch(`${w.issuer}/readyz`)
      assert.equal(ready.status, 503)
      assert.match(await ready.text(), /storage.unavailable: nothing could be written/)
      assert.equal((await fetch(`${w.issuer}/livez`)).status, 200)
    })
  },
  { seed: false },
)
