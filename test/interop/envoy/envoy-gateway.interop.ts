import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startStore, storeTask } from '../../gateways/store.ts'
import { behind } from '../../gateways/suite.ts'
import { send } from '../../wire.ts'
import { asEnvoyGateway } from './as-envoy-gateway.ts'
import { ENVOY_GATEWAY } from './gateway.ts'
import { startEnvoy } from './start-envoy.ts'

for (const gateway of ENVOY_GATEWAY) behind(gateway)

describe('behind Envoy as Envoy Gateway configures it, headers as texts', () => {
  it('a header that Envoy changes for Remit, and not for the API, gets through to neither', async (t) => {
    const store = await startStore('sqlite')
    t.after(() => store.world.stop())
    const { task, token } = await storeTask(store)
    await startEnvoy(store, asEnvoyGateway(store, { withBodies: false }), 'envoy.json')
    const url = `${store.identifier}/things`
    const callWith = async (...more: (readonly [string, string])[]) => {
      const proof = await store.world.agent.proof(task.key, { method: 'GET', url, token })
      return send(url, { headers: [['Authorization', `DPoP ${token}`], ['DPoP', proof], ...more] })
    }
    const changed = [
      await callWith(['Idempotency-Key', 'k\xff']),
      await callWith(['Idempotency-Key', 'k1'], ['Idempotency-Key', 'k2']),
    ]
    for (const { body, status } of changed)
      assert.deepEqual([status, body.code], [400, 'request.bad_header'])
    assert.deepEqual(store.world.echo.reached, [])
    assert.equal((await callWith(['Idempotency-Key', 'k1'])).status, 200)
  })
})
