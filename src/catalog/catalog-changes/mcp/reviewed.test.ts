import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isObject, type Json, parseJson } from '../../../platform/lib/json.ts'
import { review } from './reviewed.ts'

function reviewed(definition: object, members = Object.keys(definition)) {
  const parsed = parseJson(JSON.stringify(definition), { depth: 64 })
  assert.ok(isObject(parsed))
  return review(parsed, members)
}

/** The definition as it is shown, and what is said of it. */
function shown(definition: object, members?: string[]): readonly [unknown, readonly string[]] {
  const result = reviewed(definition, members)
  assert.ok(typeof result === 'object', String(result))
  assert.equal(result.value.size, Object.keys(JSON.parse(result.json)).length)
  return [JSON.parse(result.json), result.notes]
}

function refused(definition: object, why: RegExp): void {
  const result = reviewed(definition)
  assert.ok(typeof result === 'string')
  assert.match(result, why)
}

test('only the members that are named are shown, with every value as it is', () => {
  const given = { title: 'A tool', inputSchema: { type: 'object', list: [1, null, true, ['a']] } }
  assert.deepEqual(shown({ ...given, _meta: { x: 1 } }, [...Object.keys(given), 'icons']), [
    given,
    [],
  ])
})

test('hidden characters are written out in texts, and stay in names and values, with a note', () => {
  const written = 'a title or description has characters that cannot be seen; they are written out'
  const stays = 'a name or value in its schema has characters that cannot be seen'
  const hidden = 'a\u202eb'
  for (const name of ['title', 'description', '$comment'])
    assert.deepEqual(shown({ schema: { [name]: hidden } }), [
      { schema: { [name]: 'a\\u{202e}b' } },
      [written],
    ])
  assert.deepEqual(shown({ title: hidden, description: hidden })[1], [written])
  for (const value of [{ enum: [hidden, hidden] }, { const: hidden }, { [hidden]: 1 }])
    assert.deepEqual(shown({ schema: value }), [{ schema: value }, [stays]])
})

test('a text of a list is a value, whatever the list is called', () => {
  const long = 'x'.repeat(300)
  assert.deepEqual(shown({ title: [long] }), [{ title: [long] }, []])
})

test('a long title, description or comment is cut, and that is said once', () => {
  for (const [name, most] of [
    ['title', 200],
    ['description', 8_192],
    ['$comment', 1_024],
  ] as const) {
    assert.deepEqual(shown({ [name]: 'x'.repeat(most) }), [{ [name]: 'x'.repeat(most) }, []])
    const longer = 'x'.repeat(most + 1)
    assert.deepEqual(shown({ [name]: longer, a: { [name]: longer } }), [
      { [name]: `${'x'.repeat(most - 1)}…`, a: { [name]: `${'x'.repeat(most - 1)}…` } },
      [`a ${name} is longer than ${most} characters and is cut`],
    ])
  }
})

test('a definition that is too long or too deep is not shown', () => {
  const length = (count: number) => ({ enum: 'x'.repeat(count - '{"enum":""}'.length) })
  assert.deepEqual(shown(length(65_536))[1], [])
  refused(length(65_537), /^its definition is longer than 65536 characters$/)
  const deep = (levels: number): object => (levels === 0 ? {} : { a: deep(levels - 1) })
  assert.deepEqual(shown(deep(31))[1], [])
  refused(deep(32), /^its definition cannot be read in one way: /)
})

test('a value that is no text of characters is refused, and so is a name that policies would misread', () => {
  const broken = new Map([['enum', '\ud800']])
  assert.equal(
    review(broken, ['enum']),
    'its definition cannot be read in one way: not well-formed Unicode',
  )
  const proto = new Map<string, Json>([['schema', new Map<string, Json>([['__proto__', 'x']])]])
  assert.match(String(review(proto, ['schema'])), /^its definition cannot be read in one way: /)
})

test('a fault of ours is no fault of the definition', () => {
  const broken = new Map([['a', 'x']])
  broken.get = () => {
    throw new TypeError('a bug')
  }
  assert.throws(() => review(broken, ['a']), /a bug/)
})
