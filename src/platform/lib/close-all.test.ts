import assert from 'node:assert/strict'
import { test } from 'node:test'
import { closeAll } from './close-all.ts'
import type { Wait } from './repeat.ts'

/** Time that has passed already for whoever waits, unless the wait was not needed. */
const atOnce: Wait = () => Promise.resolve()
const never: Wait = (_ms, signal) =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve()))

test('what fails keeps nothing after it from being closed, and is reported by name', async () => {
  const closed: string[] = []
  const reported: string[] = []
  const clean = await closeAll(
    [
      { name: 'ledger', close: () => Promise.reject(new Error('the store is down')) },
      {
        name: 'throws at once',
        close: () => {
          throw new Error('a bug')
        },
      },
      { name: 'lease', close: async () => void closed.push('lease') },
    ],
    {
      limitMs: 5_000,
      wait: never,
      onError: (error, name) => reported.push(`${name}: ${(error as Error).message}`), // as thrown above
    },
  )
  assert.equal(clean, false)
  assert.deepEqual(closed, ['lease'])
  assert.deepEqual(reported, ['ledger: the store is down', 'throws at once: a bug'])
})

test('what never ends is left behind when its time is over', async () => {
  const closed: string[] = []
  const reported: string[] = []
  const clean = await closeAll(
    [
      { name: 'stuck', close: () => new Promise(() => {}) },
      { name: 'last', close: async () => void closed.push('last') },
    ],
    {
      limitMs: 5_000,
      wait: (ms, signal) =>
        closed.length === 0 && ms === 5_000 ? atOnce(ms, signal) : never(ms, signal),
      onError: (_error, name) => reported.push(name),
    },
  )
  assert.equal(clean, false)
  assert.equal(reported[0], 'stuck')
})

test('when all goes well, nothing is reported and no wait is left', async () => {
  let waits = 0
  const counting: Wait = async (ms, signal) => {
    waits++
    await never(ms, signal)
    waits--
  }
  const clean = await closeAll([{ name: 'a', close: async () => {} }], {
    limitMs: 1,
    wait: counting,
    onError: () => assert.fail('nothing failed'),
  })
  assert.deepEqual([clean, waits], [true, 0])
})
