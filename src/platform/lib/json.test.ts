import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import {
  ExactNumber,
  isObject,
  isRecord,
  type Json,
  jsonSlices,
  MAX_AT_ONCE,
  parseJson,
  parseJsonInSteps,
  printJson,
  printPieces,
} from './json.ts'
import { Problem, type ProblemCode } from './problem.ts'

function refuses(input: string | Uint8Array, code: ProblemCode, limits = {}): void {
  assert.throws(
    () => parseJson(input, limits),
    (error) => error instanceof Problem && error.code === code,
    `${JSON.stringify(String(input)).slice(0, 80)} should be ${code}`,
  )
}

/**
 * Converts to what `JSON.parse` would make of the text. Numbers become floats: only tests may do
 * that.
 */
function loose(value: Json): unknown {
  if (value instanceof ExactNumber) return Number(value.text)
  if (value instanceof Map) return Object.fromEntries([...value].map(([k, v]) => [k, loose(v)]))
  return Array.isArray(value) ? value.map(loose) : value
}

/**
 * Asserts that `JSON.parse` reads the same. V8 (13.6, for one) reads a name with an escape as another name with a
 * backslash that it read in such an object before: `{"a":1,"x\\":1}`, then `{"a":1,"x\n":1}`. A realm that has read
 * nothing does not.
 */
function readsAlike(value: Json, text: string): void {
  if (isDeepStrictEqual(loose(value), JSON.parse(text))) return
  const fresh: unknown = runInNewContext('JSON.stringify(JSON.parse(text))', { text })
  assert.equal(JSON.stringify(loose(value)), fresh)
}

test('what is accepted is read as JSON.parse reads it', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 8 }), (text) => {
      let value: Json
      try {
        value = parseJson(text)
      } catch (error) {
        assert.ok(error instanceof Problem)
        assert.ok(/\\u0000|\\ud[89a-f]|__proto__/i.test(text), `${text} was refused`)
        return
      }
      readsAlike(value, text)
    }),
    { numRuns: 2000 },
  )
})

test('nothing that JSON.parse refuses is accepted', () => {
  const pieces =
    '{ } [ ] " , : 0 1 -1 1.5 01 1. .5 1e5 1e + - true tru null \\ \\n \\u \\u0041 a \t \n \u00a0 \u0007'
  const soup = fc.array(fc.constantFrom(...pieces.split(' '), ' '), { maxLength: 12 })
  fc.assert(
    fc.property(soup, (parts) => {
      const text = parts.join('')
      let accepted: Json
      try {
        accepted = parseJson(text)
      } catch {
        return
      }
      readsAlike(accepted, text)
    }),
    { numRuns: 20_000 },
  )
})

test('one changed character never turns a text into something that JSON.parse reads differently', () => {
  const mutation = fc.record({
    text: fc.json({ maxDepth: 3 }),
    at: fc.nat(200),
    put: fc.constantFrom('', '"', '\\', ',', '}', ']', '0', 'e', '\u2028', '\u0000', ' '),
  })
  fc.assert(
    fc.property(mutation, ({ text, at, put }) => {
      const where = at % (text.length + 1)
      const changed = text.slice(0, where) + put + text.slice(where + 1)
      try {
        readsAlike(parseJson(changed), changed)
      } catch (error) {
        assert.ok(error instanceof Problem, String(error))
      }
    }),
    { numRuns: 5000 },
  )
})

test('printing and reading again gives the same value, and text and bytes are read alike', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5, stringUnit: 'grapheme' }), (text) => {
      fc.pre(!/\\u0000|__proto__/.test(text))
      const value = parseJson(text)
      assert.deepEqual(parseJson(printJson(value)), value)
      assert.deepEqual(parseJson(new TextEncoder().encode(text)), value)
    }),
  )
})

test('in pieces it is the same text, whatever of it was printed before', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5 }), fc.func(fc.nat(2)), (text, how) => {
      fc.pre(!/\\u0000|__proto__/.test(text))
      const value = parseJson(text)
      // as: it is a value of JSON
      const known = (part: object) =>
        [undefined, printJson(part as Json), Buffer.from(printJson(part as Json))][how(part)]
      const pieces = printPieces(value, known).map((piece) => Buffer.from(piece))
      assert.equal(String(Buffer.concat(pieces)), printJson(value))
    }),
  )
})

test('what is known of an object is printed in its place, and nothing else is asked about', () => {
  const value = parseJson('{"a":{"x":1},"b":null,"c":"t","d":[{"y":1}],"e":{"z":1}}')
  const asked: unknown[] = []
  const known = (part: object) => {
    asked.push(part)
    if (!(part instanceof Map)) return undefined
    return part.has('x') ? 'A' : part.has('z') ? Buffer.from('E') : undefined
  }
  const pieces = printPieces(value, known)
  assert.deepEqual(pieces, ['{"a":A,"b":null,"c":"t","d":[{"y":1}],"e":', Buffer.from('E'), '}'])
  assert.ok(asked.every((part) => part instanceof Map || Array.isArray(part)))
  assert.deepEqual(
    printPieces(parseJson('{}'), () => Buffer.from('E')),
    ['', Buffer.from('E')],
  )
  assert.deepEqual(
    printPieces(parseJson('{"a":{}}'), () => undefined),
    ['{"a":{}}'],
  )
})

test('a Map is an object, and nothing else is', () => {
  assert.ok(isObject(parseJson('{}')))
  for (const text of ['[]', 'null', '"a"', '1', 'true']) assert.ok(!isObject(parseJson(text)))
  assert.ok(!isObject(undefined))
})

test('numbers keep the digits they came with', () => {
  for (const text of [
    '40.00',
    '9007199254740993',
    '1E400',
    '-0',
    '0.1e-7',
    '123456789012345678901234567890',
  ]) {
    assert.equal(printJson(parseJson(text)), text)
  }
  for (const text of [
    '01',
    '1.',
    '.5',
    '+1',
    '1e',
    '0x10',
    'NaN',
    'Infinity',
    '-',
    '--1',
    '1_000',
    '1.5.2',
  ]) {
    refuses(text, 'input.malformed')
  }
})

test('an exact number is a JSON number and nothing that could be smuggled into a text', () => {
  assert.equal(new ExactNumber('-1.50').text, '-1.50')
  for (const text of ['1,"admin":true', '', ' 1', '1\n', 'null']) {
    assert.throws(() => new ExactNumber(text), TypeError)
  }
})

test('member order is kept, also for names that look like numbers', () => {
  assert.equal(printJson(parseJson('{ "b":1, "2":2 , "1":3,"a":4}')), '{"b":1,"2":2,"1":3,"a":4}')
})

test('a repeated member name is refused, at any depth and however it is written', () => {
  refuses('{"a":1,"a":1}', 'input.duplicate_key')
  refuses('{"a":1,"\\u0061":2}', 'input.duplicate_key')
  refuses('[{"x":{"a/b":1,"a\\/b":2}}]', 'input.duplicate_key')
  refuses('{"":1,"":2}', 'input.duplicate_key')
  assert.ok(parseJson('{"a":{"a":1},"A":2}'))
})

test('names with a meaning in prototypes or in policy input are refused at any depth', () => {
  for (const name of [
    '__proto__',
    '__entity',
    '__extn',
    '__expr',
    '\\u005f_proto__',
    '__entit\\u0079',
  ]) {
    refuses(`{"${name}":{"type":"Person","id":"psn_admin"}}`, 'input.forbidden_key')
    refuses(`{"a":[[{"b":{"${name}":1}}]]}`, 'input.forbidden_key')
  }
})

test('constructor and its like are ordinary names of a Map', () => {
  const value = parseJson('{"constructor":{"prototype":1},"toString":"x","hasOwnProperty":null}')
  assert.ok(value instanceof Map)
  assert.equal(value.get('toString'), 'x')
  assert.equal(Object.getPrototypeOf(value), Map.prototype)
})

test('nesting is bounded before the stack is', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`
  assert.ok(parseJson(nested(64)))
  refuses(nested(65), 'input.too_deep')
  refuses('['.repeat(500_000), 'input.too_deep')
  refuses('{"a":'.repeat(100_000), 'input.too_deep')
  refuses('[[]]', 'input.too_deep', { depth: 1 })
  refuses(nested(65), 'input.too_deep', { depth: 1000 })
  assert.ok(parseJson('1', { depth: 0 }))
})

test('size is bounded in bytes, whatever form the input has', () => {
  refuses(`"${'a'.repeat(1024 * 1024)}"`, 'input.too_large')
  refuses('"€€€"', 'input.too_large', { bytes: 10 })
  assert.equal(parseJson('"€€€"', { bytes: 11 }), '€€€')
  refuses(new TextEncoder().encode('"€€€"'), 'input.too_large', { bytes: 10 })
})

test('values are bounded in number, so that none is made a million times over', () => {
  const empty = (count: number, item: string) => `[${Array(count).fill(item).join()}]`
  for (const item of ['[]', '1']) {
    assert.ok(parseJson(empty(131_071, item)))
    refuses(empty(131_072, item), 'input.too_large')
  }
  // Documents that may be larger may have more in them.
  assert.ok(parseJson(empty(200_000, '1'), { bytes: 2 * 1024 * 1024 }))
  refuses(empty(524_288, '1'), 'input.too_large', { bytes: 2 * 1024 * 1024 })
})

test('objects and names count, too: they are what takes time', () => {
  const objects = (count: number) => `[${Array(count).fill('{}').join()}]`
  assert.ok(parseJson(objects(65_535)))
  refuses(objects(65_536), 'input.too_large')
  const members = (count: number) =>
    `{${Array.from({ length: count }, (_, i) => `"m${i}":1`).join()}}`
  assert.ok(parseJson(members(65_535)))
  refuses(members(65_536), 'input.too_large')
  refuses(members(80_000), 'input.too_large')
})

test('text that is not well-formed Unicode is refused', () => {
  refuses('"\ud800"', 'input.malformed')
  refuses('"\\ud800"', 'input.malformed')
  refuses('"\\udc00\\ud800"', 'input.malformed')
  refuses('{"\\ud800":1}', 'input.malformed')
  refuses('"\\ud83d\u0020\\ude00"', 'input.malformed')
  assert.equal(parseJson('"\\ud83d\\ude00"'), '😀')
})

test('bytes that are not UTF-8 are refused', () => {
  for (const bytes of [
    [0xff],
    [0xc3],
    [0xc0, 0xaf],
    [0xed, 0xa0, 0x80],
    [0xf5, 0x80, 0x80, 0x80],
  ]) {
    refuses(Uint8Array.from([0x22, ...bytes, 0x22]), 'input.malformed')
  }
  refuses(Buffer.from('"a"', 'utf16le'), 'input.malformed')
})

test('a byte order mark is refused', () => {
  refuses('\ufeff1', 'input.malformed')
  refuses(Uint8Array.from([0xef, 0xbb, 0xbf, 0x31]), 'input.malformed')
  assert.equal(parseJson('"\ufeff"'), '\ufeff')
})

test('U+0000 is refused in names and values, raw or escaped', () => {
  for (const text of ['"a\\u0000b"', '{"\\u0000":1}', '"\u0000"', '1\u0000'])
    refuses(text, 'input.malformed')
  assert.equal(parseJson('"\\\\u0000"'), '\\u0000')
})

test('what is not one JSON value is refused', () => {
  const texts = [
    '',
    ' ',
    '{',
    '[1',
    '"a',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    "'a'",
    '[1 2]',
    '{"a" 1}',
    '1 1',
    '{}{}',
  ]
  const more = [
    '// 1',
    'tru',
    'nullx',
    'undefined',
    '"\t"',
    '"\\x41"',
    '"\\u00g0"',
    '"\\u 041"',
    '\u00a01',
    ',',
    ']',
  ]
  for (const text of [...texts, ...more]) refuses(text, 'input.malformed')
})

test('W10: a long text is read in slices of 8,192 values, to the same value or the same refusal', async () => {
  const list = (count: number, item: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => item(i)).join()
  const slicesOf = (text: string) => {
    let count = 0
    for (const work = jsonSlices(text); !work.next().done; ) count++
    return count
  }
  const members = `{${list(65_000, (i) => `"m${i}":1`)}}`
  assert.ok(slicesOf(members) >= 15)
  assert.ok(slicesOf(`[${list(60_000, () => '{}')}]`) >= 14)
  const nested = `[${list(10_000, (i) => `{"a":[${i},{"b":"\\n"}]}`)}]`
  for (const text of [members, nested, `${members} `])
    assert.deepEqual(await parseJsonInSteps(Buffer.from(text)), parseJson(text))
  assert.deepEqual(parseJsonInSteps(Buffer.from('[1]')), parseJson('[1]'), 'a short one at once')
  for (const text of [
    `${members}]`,
    members.slice(0, -1),
    `{"m9":1,${members.slice(1)}`,
    `[${nested}`,
  ]) {
    const refusal = (error: unknown) => error instanceof Problem && [error.code, error.detail]
    let expected: unknown
    try {
      parseJson(text)
    } catch (error) {
      expected = refusal(error)
    }
    assert.ok(Array.isArray(expected), text.slice(-9))
    await assert.rejects(
      async () => parseJsonInSteps(Buffer.from(text)),
      (error) => isDeepStrictEqual(refusal(error), expected),
    )
  }
})

test('W10: a text of 64 KiB is read at once, and a longer one in slices', async () => {
  const ofBytes = (count: number) => Buffer.from(`"${'a'.repeat(count - 2)}"`)
  assert.equal(parseJsonInSteps(ofBytes(MAX_AT_ONCE)), 'a'.repeat(MAX_AT_ONCE - 2))
  const longer = parseJsonInSteps(ofBytes(MAX_AT_ONCE + 1))
  assert.ok(longer instanceof Promise)
  assert.equal(await longer, 'a'.repeat(MAX_AT_ONCE - 1))
})

test('details give positions and never repeat what was sent', () => {
  for (const text of ['{"s3cret":1,"s3cret":2}', '["s3cret" s3cret]', '"s3cret\\q"']) {
    assert.throws(
      () => parseJson(text),
      (error) =>
        error instanceof Problem && /at \d+/.test(error.detail) && !error.detail.includes('s3cret'),
    )
  }
})

test('hostile shapes take time in proportion to their length', () => {
  const shapes = [`"${'\\n'.repeat(250_000)}"`, `"${'\\"'.repeat(250_000)}"`, '1'.repeat(1_000_000)]
  for (const text of [...shapes, `[${'0,'.repeat(250_000)}0]`, ' '.repeat(1_000_000)]) {
    const started = performance.now()
    try {
      parseJson(text)
    } catch (error) {
      assert.ok(error instanceof Problem)
    }
    assert.ok(performance.now() - started < 2000)
  }
})

test('a record is an object, and neither a list nor null nor a single value', () => {
  for (const record of [{}, { a: 1 }, JSON.parse('{"__proto__": 1}')])
    assert.equal(isRecord(record), true)
  for (const other of [null, undefined, [], [{}], 'a', 1, true, () => ({})])
    assert.equal(isRecord(other), false, String(other))
})
