import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import type { McpPorts } from '../ports.ts'
import { keepEnding } from './end-overdue.ts'

/** Looks once after tasks of servers, and counts how often the store was asked for anything. */
async function asked(clockProblem: string | undefined): Promise<number> {
  let times = 0
  const failing = () => {
    times++
    throw new Error('nothing is stored here')
  }
  const storage = new Proxy({}, { get: failing })
  const ports = {
    decisions: {
      storage,
      clock: { now: () => 0 },
      live: { clockProblem, onChange: () => () => {} },
    },
    log: { error: () => {} },
  } as unknown as McpPorts // as: all that looking after tasks takes
  const loop = keepEnding(ports)
  loop.wake()
  // The run that was woken is under way before it can be stopped.
  for (let turn = 0; turn < 10; turn++) await setImmediate()
  await loop.stop()
  return times
}

test('E12: a replica that cannot tell the time ends no task of a server for its sake', async () => {
  assert.ok((await asked(undefined)) > 0, 'it looks otherwise')
  assert.equal(await asked('the clock is an hour ahead'), 0)
})
