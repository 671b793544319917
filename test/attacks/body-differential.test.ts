import assert from 'node:assert/strict'
import { it } from 'node:test'
import { compareRequests } from '../differential/through-remit.ts'
import { inOneWorld } from '../world.ts'

/** Number of requests that are sent. `body-differential.long.test.ts` sends more. */
const REQUESTS = 160

inOneWorld('bodies, however they are framed and cut', (world) => {
  it('section 6: what rules and people saw, what the ledger has and what the API received are equal, or nothing is sent', async () => {
    const { refused, sent } = await compareRequests(world(), REQUESTS)
    assert.ok(sent > REQUESTS / 5 && refused > REQUESTS / 10, `${sent} sent, ${refused} refused`)
  })
})
