import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Attributes } from '@opentelemetry/api'
import { manualClock } from '../../platform/lib/clock.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { ObservedState } from './state.ts'

forEachEngine('the state of a server, as it is measured', (open) => {
  test('credentials of APIs: how long until each expires, where somebody said', async () => {
    const storage = await open()
    const clock = manualClock()
    const reads = new Map<string, () => unknown>()
    const parts = {
      ...{ storage, checks: [], room: undefined, release: { version: '', schema: 1 } },
      notifications: { clock, storage },
      ledger: { waiting: async () => 0 },
    } as unknown as ConstructorParameters<typeof ObservedState>[2] // as: nothing else is measured here
    const observe = (name: string, read: () => unknown) => void reads.set(name, read)
    const state = new ObservedState({ observe } as never, clock, parts) // as: nothing else is used
    const seen = () => reads.get('remit.connection.expiry')?.() as readonly [number, Attributes][] // as it observes
    assert.deepEqual(seen(), [])
    const connection = { kind: 'bearer', header: 'authorization', sealed: new Uint8Array(60) }
    const times = { created_at: clock.now(), replaced_at: null }
    await storage.transaction(async (tx) => {
      for (const [name, expires_at] of [
        ['later', clock.now() + 60_000],
        ['never', null],
        ['over', clock.now() - 1_000],
      ] as const)
        await tx
          .insertInto('connections')
          .values({ ...connection, ...times, name, expires_at })
          .execute()
    })
    await state.measure()
    assert.deepEqual(seen(), [
      [60, { connection: 'later' }],
      [-1, { connection: 'over' }],
    ])
    clock.advance(90_000)
    assert.deepEqual(seen()[0], [-30, { connection: 'later' }])
  })
})
