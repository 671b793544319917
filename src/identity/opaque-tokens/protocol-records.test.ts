import assert from 'node:assert/strict'
import { test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
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

  test('a record without an end stays, and can be replaced while it is there', async () => {
    const clock = manualClock()
    const records = protocolRecords({ storage: await open(), clock })
    await records.put({ kind: 'Client', id: 'k1', payload: { name: 'a' } }, undefined)
    await records.put({ ...CODE, payload: { name: 'b' } }, 60)
    clock.advance(59_999)
    assert.equal(await records.replace({ ...CODE, payload: { name: 'c' } }), true)
    assert.deepEqual(await records.find(CODE.kind, CODE.id), { name: 'c' })
    assert.equal(await records.replace({ ...CODE, id: 'c2', payload: {} }), false)
    clock.advance(1)
    assert.equal(await records.replace({ ...CODE, payload: {} }), false)
    assert.deepEqual(await records.find('Client', 'k1'), { name: 'a' })
  })

  test('a record that was used up says when', async () => {
    const storage = await open()
    const clock = manualClock(5_000)
    const records = protocolRecords({ storage, clock })
    await records.put({ ...CODE, payload: { name: 'a' } }, 60)
    await storage.commit([records.consumeStep(CODE.kind, CODE.id)])
    assert.deepEqual(await records.find(CODE.kind, CODE.id), { name: 'a', consumed: 5 })
  })

  test('records that expire are counted and forgotten, and no others', async () => {
    const clock = manualClock(0)
    const records = protocolRecords({ storage: await open(), clock })
    const put = (id: string, seconds: number | undefined) =>
      records.put({ kind: 'Client', id, payload: {} }, seconds)
    await put('soon', 10)
    await put('late', 100)
    await put('never', undefined)
    await records.put({ ...CODE, payload: {} }, 10)
    assert.equal(await records.countExpiring('Client'), 2)
    await records.forgetExpiring('Client', 50_000)
    assert.equal(await records.countExpiring('Client'), 1)
    assert.equal(await records.find('Client', 'soon'), undefined)
    assert.ok(await records.find(CODE.kind, CODE.id))
    clock.advance(100_001)
    await records.forget()
    clock.advance(-100_001)
    assert.equal(await records.find('Client', 'late'), undefined)
    assert.equal(await records.find(CODE.kind, CODE.id), undefined)
    assert.ok(await records.find('Client', 'never'))
  })
})
