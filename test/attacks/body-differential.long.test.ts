import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { compareRequests } from '../differential/through-remit.ts'
import { World } from '../world.ts'

/** Number of requests that are sent; `REMIT_BODY_RUNS` sends others. */
const REQUESTS = Number(process.env.REMIT_BODY_RUNS ?? 100_000)

describe('very many bodies, however they are framed and cut', () => {
  let world: World
  before(async () => {
    world = await World.start('sqlite')
  })
  after(() => world.stop())

  it('section 6: what rules and people saw, what the ledger has and what the API received are equal, or nothing is sent', async (t) => {
    const counts = await compareRequests(world, REQUESTS)
    t.diagnostic(JSON.stringify(counts))
    assert.ok(counts.sent > REQUESTS / 5 && counts.refused > REQUESTS / 10)
  })
})
