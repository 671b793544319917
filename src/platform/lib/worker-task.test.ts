import { deepEqual, equal, notEqual, rejects } from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { run } from './testing.ts'
import { workerTask } from './worker-task.ts'

const TARGET = { base: import.meta.url, file: 'testing', name: 'run', maxMs: 60_000 }
const doing = () => workerTask<typeof run>(TARGET)

describe('work done in a thread beside', () => {
  test('a thread that answered is used again', async () => {
    const work = doing()
    equal(await work('answer'), await work('answer'))
  })

  test('a thread that refused in order is used again, and its refusal arrives whole', async () => {
    const work = doing()
    const thread = await work('answer')
    await rejects(work('refuse'), { code: 'policy.invalid', detail: `thread ${thread}` })
    equal(await work('answer'), thread)
  })

  test('a thread in which something broke is not used again', async () => {
    const work = doing()
    const thread = await work('answer')
    await rejects(work('break'), { name: 'RangeError', message: `thread ${thread}` })
    notEqual(await work('answer'), thread)
  })

  test('a thread that ended is told of, and not waited for', async () => {
    const work = doing()
    const thread = await work('answer')
    await rejects(work('leave'), /ended without an answer/)
    notEqual(await work('answer'), thread)
  })

  test('a thread that takes too long is ended', async () => {
    const work = workerTask<typeof run>({ ...TARGET, maxMs: 100 })
    await rejects(work('hang'), /took too long/)
  })

  test('input that cannot be sent is refused', async () => {
    const work = workerTask<(given: unknown) => number>(TARGET)
    await rejects(
      work(() => 1),
      { name: 'DataCloneError' },
    )
    await work('answer')
  })

  test('work at the same time is done in threads of its own, of which one is kept', async () => {
    const work = doing()
    const threads = await Promise.all([work('answer'), work('answer'), work('answer')])
    equal(new Set(threads).size, 3)
    equal(threads.includes(await work('answer')), true)
  })

  test('a thread is used a hundred times at most', async () => {
    const work = doing()
    const threads: number[] = []
    for (let use = 0; use < 101; use++) threads.push(await work('answer'))
    deepEqual([new Set(threads.slice(0, 100)).size, new Set(threads).size], [1, 2])
  })
})
