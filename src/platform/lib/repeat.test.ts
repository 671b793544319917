import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { repeat, type Wait } from './repeat.ts'

/** Waits that end when the test says so. */
function waits() {
  const open: { readonly ms: number; readonly end: () => void }[] = []
  const wait: Wait = (ms, signal) =>
    new Promise((resolve) => {
      open.push({ ms, end: resolve })
      if (signal.aborted) resolve()
      signal.addEventListener('abort', () => resolve(), { once: true })
    })
  return { open, wait }
}

const fail = (error: unknown) => {
  throw error
}

test('the first run comes after the period, and then again', async () => {
  const { open, wait } = waits()
  let runs = 0
  const loop = repeat(async () => void runs++, { everyMs: 100, gatherMs: 20, onError: fail, wait })
  assert.equal(runs, 0)
  for (const ms of [80, 20, 80, 20]) {
    const next = open.at(-1)
    assert.equal(next?.ms, ms)
    next?.end()
    await setImmediate()
  }
  assert.equal(runs, 2)
  await loop.stop()
})

test('many wakes are one run; a wake during a run leads to another', async () => {
  const { wait } = waits()
  const held = Promise.withResolvers<void>()
  let runs = 0
  const work = async () => {
    if (++runs === 1) await held.promise
  }
  const loop = repeat(work, { everyMs: 100, onError: fail, wait })
  loop.wake()
  loop.wake()
  await setImmediate()
  assert.equal(runs, 1)
  loop.wake()
  loop.wake()
  await setImmediate()
  assert.equal(runs, 1, 'never two at once')
  held.resolve()
  await setImmediate()
  assert.equal(runs, 2)
  await loop.stop()
})

test('a run that fails is reported, and the next one comes', async () => {
  const { wait } = waits()
  const errors: unknown[] = []
  const work = async () => {
    throw new Error('no')
  }
  const loop = repeat(work, { everyMs: 100, onError: (error) => errors.push(error), wait })
  loop.wake()
  await setImmediate()
  loop.wake()
  await setImmediate()
  assert.equal(errors.length, 2)
  await loop.stop()
})

test('stop waits for the run under way, and none comes after it', async () => {
  const { wait } = waits()
  const held = Promise.withResolvers<void>()
  let runs = 0
  const work = async () => {
    runs++
    await held.promise
  }
  const loop = repeat(work, { everyMs: 100, onError: fail, wait })
  loop.wake()
  await setImmediate()
  let stopped = false
  const stopping = loop.stop().then(() => {
    stopped = true
  })
  loop.wake()
  await setImmediate()
  assert.equal(stopped, false)
  held.resolve()
  await stopping
  assert.equal(runs, 1)
})
