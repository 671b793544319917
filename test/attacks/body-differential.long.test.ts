import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { it } from 'node:test'
import { compareRequests } from '../differential/through-remit.ts'
import { inOneWorld } from '../world.ts'

/** Number of requests that are sent; `REMIT_BODY_RUNS` sends others. */
const REQUESTS = Number(process.env.REMIT_BODY_RUNS ?? 100_000)
/** `REMIT_BODY_SEED` makes the same requests again. */
const SEED = Number(process.env.REMIT_BODY_SEED ?? randomInt(2 ** 31))

inOneWorld('very many bodies, however they are framed and cut', (world) => {
  it('section 6: what rules and people saw, what the ledger has and what the API received are equal, or nothing is sent', async (t) => {
    t.diagnostic(`seed ${SEED}`)
    const counts = await compareRequests(world(), REQUESTS, [SEED])
    t.diagnostic(JSON.stringify(counts))
    assert.ok(counts.sent > REQUESTS / 5 && counts.refused > REQUESTS / 10)
  })
})
