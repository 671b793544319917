import assert from 'node:assert/strict'
import { test } from 'node:test'
import { worldsOver } from '../calls/testing.ts'
import { Problem } from '../lib/problem.ts'
import { forEachEngine } from '../storage/testing.ts'
import { introspect } from './introspect.ts'

const CALLER = { name: 'orders', mayKnow: () => true }

forEachEngine('introspection', (open) => {
  const worlds = worldsOver(open)

  test('C1: a server that slept tells nobody that a token works', async (t) => {
    const world = await worlds.own(t)
    const token = await world.token(await world.open())
    const { parts } = world
    assert.equal((await introspect(parts, CALLER, token)).active, true)
    Object.assign(parts.live, {
      confirmLease: async () => {
        throw new Problem('live.lease_over', 'it slept')
      },
    })
    await assert.rejects(introspect(parts, CALLER, token), { code: 'live.lease_over' })
  })
})
