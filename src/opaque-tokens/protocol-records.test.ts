import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../lib/clock.ts'
import { forEachEngine } from '../storage/testing.ts'
import { consumeCodeStep } from './protocol-record-store.ts'
import { protocolRecords } from './protocol-records.ts'

forEachEngine('protocol records', (open) => {
  const CODE = { kind: 'AuthorizationCode', id: 'c1' }

  test('a code is found until it expires', async () => {
    const clock = manualClock()
    const records = protocolRecords({ storage: await open(), clock })
    await records.put({ ...CODE, payload: { clientId: 'c', resource: 'r' } }, 60)
    assert.deepEqual(await records.find('AuthorizationCode', 'c1'), {
      clientId: 'c',
      resource: 'r',
    })
    assert.equal(await records.find('Client', 'c1'), undefined)
    clock.advance(60_000)
    assert.equal(await records.find('AuthorizationCode', 'c1'), undefined)
  })

  test('of 64 simultaneous uses of one code, or one request, exactly one wins', async () => {
    const storage = await open()
    const clock = manualClock()
    const records = protocolRecords({ storage, clock })
    const request = { kind: 'PushedAuthorizationRequest', id: 'r1', payload: {} }
    const waiting = { kind: 'AuthorizationRequest', id: 'w1', payload: {} }
    await records.putAll([{ ...CODE, payload: {} }, request, waiting], 60)
    const times = { now: clock.now(), knownUntil: clock.now() + 60_000 }
    for (const step of [
      () => consumeCodeStep(storage.read, 'c1', times),
      () => records.consumeStep(request.kind, request.id),
      () => records.destroyStep(waiting.kind, waiting.id),
    ]) {
      const ended = await Promise.all(Array.from({ length: 64 }, () => storage.commit([step()])))
      assert.equal(ended.filter(({ committed }) => committed).length, 1)
    }
    const found = await records.find('AuthorizationCode', 'c1')
    assert.ok(found?.consumed, 'a second look shows that it was consumed')
    assert.equal(await records.find(waiting.kind, waiting.id), undefined)
  })
})
