import assert from 'node:assert/strict'
import { getPriority } from 'node:os'
import { test } from 'node:test'
import { lowerV8Threads, v8Threads } from './v8-threads.ts'

test('what V8 does beside calls is less important than they are', {
  skip: process.platform === 'linux' ? false : 'other systems have no /proc',
}, () => {
  const threads = v8Threads()
  assert.ok(threads.length > 0)
  const own = getPriority()
  lowerV8Threads()
  assert.deepEqual(
    threads.map((id) => getPriority(id)),
    threads.map(() => Math.min(19, own + 3)),
  )
  assert.equal(getPriority(), own)
})
