import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LruCache } from './lru-cache.ts'

test('a value is found under its mark alone', () => {
  const cache = new LruCache<string>(2)
  assert.equal(cache.put('a', 1, 'one'), 'one')
  assert.equal(cache.get('a', 1), 'one')
  assert.equal(cache.get('a', 2), undefined)
  cache.put('a', 2, 'two')
  assert.equal(cache.get('a', 1), undefined)
  assert.equal(cache.get('a', 2), 'two')
})

test('what weighs too much goes, the least recently used first', () => {
  const cache = new LruCache<number>(5)
  for (const each of [1, 2, 3]) cache.put(`${each}`, '', each)
  cache.get('1', '')
  cache.put('heavy', '', 4, 4)
  const found = ['1', '2', '3', 'heavy'].filter((key) => cache.get(key, '') !== undefined)
  assert.deepEqual(found, ['1', 'heavy'])
  cache.put('heavy', '', 4, 1)
  for (const each of [5, 6, 7]) cache.put(`${each}`, '', each)
  assert.equal(cache.get('1', ''), 1)
})

test('what weighs more than all may is not kept, and takes nobody else with it', () => {
  const cache = new LruCache<number>(5)
  cache.put('a', '', 1)
  cache.put('b', '', 2, 2)
  assert.equal(cache.put('b', '', 3, 6), 3)
  assert.equal(cache.get('b', ''), undefined)
  assert.equal(cache.get('a', ''), 1)
})

test('a value is read once for all who ask meanwhile, for each mark', async () => {
  const cache = new LruCache<string>(5)
  let reads = 0
  const read = (value: string | undefined) => async () => {
    reads++
    return value
  }
  const both = [cache.find('a', 1, read('one')), cache.find('a', 1, read('other'))]
  const newer = cache.find('a', 2, read('two'))
  assert.deepEqual(await Promise.all([...both, newer]), ['one', 'one', 'two'])
  assert.equal(reads, 2)
  assert.equal(cache.find('a', 2, read('never')), 'two', 'a kept value is there at once')
  assert.equal(await cache.find('b', 1, read(undefined)), undefined)
  assert.equal(await cache.find('b', 1, read('found')), 'found', 'nothing found is not kept')
})
