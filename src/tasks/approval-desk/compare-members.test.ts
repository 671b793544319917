import assert from 'node:assert/strict'
import { it } from 'node:test'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { parseJson } from '../../platform/lib/json.ts'
import { compareMembers } from './compare-members.ts'

function compared(now: string, sent: string, method: 'PATCH' | 'PUT' | undefined) {
  const { absent, changed, more, same } = compareMembers(parseJson(now), parseJson(sent), method)
  const words = (members: typeof changed) =>
    members.map(({ from, path, to }) =>
      [
        path.join('/'),
        ...[from, to].map((each) => (each === undefined ? '' : canonicalJson(each))),
      ].join(' '),
    )
  return { changed: words(changed), absent: words(absent), same: words(same), more }
}

const ORDER = '{"id":"1","status":"paid","to":{"city":"Bern","zip":"3000"},"total":12.50}'

it('a patch changes what it names, at any depth, and takes away what it says is null', () => {
  const sent = '{"status":null,"to":{"city":"Basel"},"total":12.5,"note":"n"}'
  assert.deepEqual(compared(ORDER, sent, 'PATCH'), {
    changed: ['status "paid" ', 'to/city "Bern" "Basel"', 'note  "n"'],
    absent: [],
    same: ['to/zip "3000" "3000"', 'total 12.50 12.5', 'id "1" "1"'],
    more: 0,
  })
})

it('a whole that is replaced says what is not in it, and never what becomes of that', () => {
  assert.deepEqual(compared(ORDER, '{"status":null,"to":{},"total":12.5}', 'PUT'), {
    changed: ['status "paid" null'],
    absent: ['to/city "Bern" "Bern"', 'to/zip "3000" "3000"', 'id "1" "1"'],
    same: ['total 12.50 12.5'],
    more: 0,
  })
})

it('where nothing is known of the effect, or one of both is no object, nothing changes', () => {
  for (const [sent, method] of [
    ['{"status":"x"}', undefined],
    ['[{"op":"remove","path":"/status"}]', 'PATCH'],
  ] as const) {
    const { changed, same } = compared(ORDER, sent, method)
    assert.deepEqual([changed, same.length], [[], 4])
  }
  assert.deepEqual(compared('[1]', '{"a":1}', 'PUT').same, [' [1] [1]'])
})

it('what an API answers is compared in bounded steps', () => {
  const many = `{${Array.from({ length: 5_000 }, (_, i) => `"m${i}":${i}`).join(',')}}`
  const { more, same } = compared(many, '{}', 'PATCH')
  assert.deepEqual([same.length, more], [100, 4_900])
  const deep = `${'{"a":'.repeat(40)}1${'}'.repeat(40)}`
  assert.deepEqual(compared(deep, deep.replace('1', '2'), 'PATCH').changed.length, 1)
})
