import assert from 'node:assert/strict'
import { test } from 'node:test'
import { lifetimeOf } from './lifetime.ts'

const MIN = 10
const USUAL = 300
const MAX = 3600
const DATE = 'Thu, 26 Nov 2026 12:00:00 GMT'
const LATER = 'Thu, 26 Nov 2026 12:02:00 GMT'

const CASES: readonly (readonly [headers: Record<string, string>, seconds: number])[] = [
  [{}, USUAL],
  [{ 'cache-control': 'public' }, USUAL],
  [{ 'cache-control': 'max-age=120' }, 120],
  [{ 'cache-control': 'public, MAX-AGE="120"' }, 120],
  [{ 'cache-control': 'max-age=120, s-maxage=60' }, 60],
  [{ 'cache-control': 'max-age=120', age: '100' }, 20],
  [{ 'cache-control': 'max-age=120', age: '200' }, MIN],
  [{ 'cache-control': 'max-age=120', age: 'old' }, MIN],
  [{ 'cache-control': 'max-age=0' }, MIN],
  [{ 'cache-control': 'max-age=1' }, MIN],
  [{ 'cache-control': 'max-age=-1' }, MIN],
  [{ 'cache-control': 'max-age=soon' }, MIN],
  [{ 'cache-control': 'max-age=60, max-age=3000' }, MIN],
  [{ 'cache-control': 'max-age=60, Max-Age="60"' }, 60],
  [{ 'cache-control': 'max-age=1"20' }, MIN],
  [{ 'cache-control': 'max-age=99999999' }, MAX],
  [{ 'cache-control': 'max-age=999999999999999' }, MIN],
  [{ 'cache-control': 'no-store' }, MIN],
  [{ 'cache-control': 'no-store, max-age=3000' }, MIN],
  [{ 'cache-control': 'max-age=3000, no-cache' }, MIN],
  [{ 'cache-control': 'private="x", max-age=3000' }, MIN],
  [{ expires: LATER, date: DATE }, 120],
  [{ expires: LATER, date: DATE, 'cache-control': 'max-age=60' }, 60],
  [{ expires: DATE, date: LATER }, MIN],
  [{ expires: '0', date: DATE }, MIN],
  [{ expires: LATER }, MIN],
]

test('an answer is kept as long as it says, within our bounds', () => {
  for (const [headers, seconds] of CASES)
    assert.equal(lifetimeOf(new Headers(headers)), seconds * 1000, JSON.stringify(headers))
})
