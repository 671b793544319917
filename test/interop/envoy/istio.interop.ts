import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { startStore, storeTask } from '../../gateways/store.ts'
import { behind } from '../../gateways/suite.ts'
import { send } from '../../wire.ts'
import { asIstio } from './as-istio.ts'
import { ISTIO } from './gateway.ts'
import { startEnvoy } from './start-envoy.ts'

for (const gateway of ISTIO) behind(gateway)

describe('behind Envoy as Istio configures it, over gRPC without the EnvoyFilter', () => {
  it('nothing gets through: nobody has said which gateway asks', async (t) => {
    const store = await startStore('sqlite')
    t.after(() => store.world.stop())
    const { task, token } = await storeTask(store)
    await startEnvoy(store, asIstio(store, 'grpc.yaml', { patched: false }), 'envoy.json')
    const url = `${store.identifier}/things`
    const proof = await store.world.agent.proof(task.key, { method: 'GET', url, token })
    const own = ['Remit-Enforcer', store.secret] as const
    for (const more of [[], [own]]) {
      const headers = [['Authorization', `DPoP ${token}`], ['DPoP', proof], ...more] as const
      const { body, status } = await send(url, { headers })
      assert.deepEqual([status, body.code], [403, 'client.unauthenticated'])
    }
    assert.deepEqual(store.world.echo.reached, [])
  })
})
