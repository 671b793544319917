import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { actBefore } from '../../../test/act-before.ts'
import { worldsOver } from '../../calls/calls/testing.ts'
import { ClientAuthenticator, removeClient } from '../../identity/machine-clients/index.ts'
import { clientWith, machinesOf } from '../../identity/machine-clients/testing.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { closeTask } from '../../tasks/tasks/index.ts'
import { introspect, introspectSigned } from './introspect.ts'

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

  test('E8: a caller that is removed between look and answer is told nothing', async (t) => {
    const world = await worlds.own(t)
    const { parts } = world
    const token = await world.token(await world.open())
    const machines = machinesOf(parts)
    const { client, secret } = await clientWith(machines, 'edge', 'introspector', {
      resources: ['orders'],
    })
    const clients = new ClientAuthenticator({ ...machines, issuer: parts.issuer })
    const { view } = await clients.authenticate({ kind: 'secret', secret }, 'introspection')
    const { hasActed, wrapped } = actBefore(parts.live, {
      before: ['confirmLease'],
      act: () => removeClient(machines, { id: client.id, by: 'psn_ada' }),
    })
    const asked = introspect({ ...parts, live: wrapped }, { ...CALLER, view }, token)
    await assert.rejects(asked, { code: 'introspection.unauthenticated' })
    assert.ok(hasActed())
  })

  test('E9: a token that ends while the answer is signed is not told as active', async (t) => {
    const world = await worlds.own(t)
    const { parts } = world
    const opened = await world.open()
    const token = await world.token(opened)
    const told = async () => {
      const answer = decodeJwt(await introspectSigned(parts, CALLER, token))
      return (answer.token_introspection as { active: boolean }).active // as: RFC 9701 section 5
    }
    assert.equal(await told(), true)
    const { hasActed, wrapped: tokens } = actBefore(parts.keys.tokens, {
      before: ['sign'],
      act: () =>
        closeTask(parts, { taskId: opened.opened.task.id, by: 'psn_ada', reason: 'person' }),
    })
    Object.defineProperty(parts.keys, 'tokens', { value: tokens })
    assert.equal(await told(), false)
    assert.ok(hasActed())
  })
})
