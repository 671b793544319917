import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedReads } from './shared-reads.ts'

test('all who ask while it is read share one read, and its error', async () => {
  const reads = new SharedReads<number>()
  let begun = 0
  const read = async () => ++begun
  const fail = async () => {
    begun++
    throw new Error('gone')
  }
  assert.deepEqual(
    await Promise.all(['a', 'a', 'b'].map((key) => reads.share(key, read))),
    [1, 1, 2],
  )
  assert.equal(await reads.share('a', read), 3, 'a read that has ended is not shared')
  const failed = await Promise.allSettled([reads.share('a', fail), reads.share('a', read)])
  assert.deepEqual(
    failed.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(await reads.share('a', read), 5, 'an error is not kept')
})
