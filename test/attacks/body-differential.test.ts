import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { it } from 'node:test'
import { compareRequests } from '../differential/through-remit.ts'
import { inOneWorld } from '../world.ts'

/** Number of requests that are sent for each seed. `body-differential.long.test.ts` sends more. */
const REQUESTS = 80

inOneWorld('bodies, however they are framed and cut', (world) => {
  it('section 6: what rules and people saw, what the ledger has and what the API received are equal, or nothing is sent', async (t) => {
    const fresh = randomInt(2 ** 31)
    t.diagnostic(`seed ${fresh}`)
    const { refused, sent } = await compareRequests(world(), REQUESTS, [27, fresh])
    const all = 2 * REQUESTS
    assert.ok(sent > all / 5 && refused > all / 10, `${sent} sent, ${refused} refused`)
  })
})
