import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import canonicalize from 'canonicalize'
import fc from 'fast-check'
import { type Canonical, canonicalJson, domainHash } from './canonical-json.ts'
import { ExactNumber, parseJson } from './json.ts'

/** RFC 8785 appendix B: IEEE 754 bits and the text they must give. */
const NUMBERS: readonly (readonly [string, string])[] = [
  ['0000000000000000', '0'],
  ['8000000000000000', '0'],
  ['0000000000000001', '5e-324'],
  ['8000000000000001', '-5e-324'],
  ['7fefffffffffffff', '1.7976931348623157e+308'],
  ['ffefffffffffffff', '-1.7976931348623157e+308'],
  ['4340000000000000', '9007199254740992'],
  ['c340000000000000', '-9007199254740992'],
  ['4430000000000000', '295147905179352830000'],
  ['44b52d02c7e14af5', '9.999999999999997e+22'],
  ['44b52d02c7e14af6', '1e+23'],
  ['44b52d02c7e14af7', '1.0000000000000001e+23'],
  ['444b1ae4d6e2ef4e', '999999999999999700000'],
  ['444b1ae4d6e2ef4f', '999999999999999900000'],
  ['444b1ae4d6e2ef50', '1e+21'],
  ['3eb0c6f7a0b5ed8c', '9.999999999999997e-7'],
  ['3eb0c6f7a0b5ed8d', '0.000001'],
  ['41b3de4355555553', '333333333.3333332'],
  ['41b3de4355555554', '333333333.33333325'],
  ['41b3de4355555555', '333333333.3333333'],
  ['41b3de4355555556', '333333333.3333334'],
  ['41b3de4355555557', '333333333.33333343'],
  ['becbf647612f3696', '-0.0000033333333333333333'],
  ['43143ff3c1cb0959', '1424953923781206.2'],
]

function doubleOf(bits: string): number {
  return Buffer.from(bits, 'hex').readDoubleBE()
}

test('numbers are written as RFC 8785 appendix B says', () => {
  for (const [bits, text] of NUMBERS) assert.equal(canonicalJson(doubleOf(bits)), text)
  for (const bits of ['7fffffffffffffff', '7ff0000000000000', 'fff0000000000000']) {
    assert.throws(() => canonicalJson(doubleOf(bits)), TypeError)
  }
})

test('the sample of RFC 8785 section 3.2.2 gives the text of section 3.2.3', () => {
  const sample: Canonical = {
    numbers: [Number('333333333.33333329'), 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: '\u20ac$\u000F\u000aA\'\u0042\u0022\u005c\\"/',
    literals: [null, true, false],
  }
  assert.equal(
    canonicalJson(sample),
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  )
})

test('members are in order however many there are, in whatever order they came', () => {
  const names = Array.from({ length: 70 }, (_, i) => `${(i * 37) % 70}${i % 3 ? '\u20ac' : '"'}`)
  for (const count of [2, 3, 31, 32, 33, 70]) {
    for (const some of [names.slice(0, count), names.slice(0, count).sort().reverse()]) {
      const plain = Object.fromEntries(some.map((name, i) => [name, i]))
      assert.equal(canonicalJson(plain), canonicalize(plain))
      assert.equal(canonicalJson(new Map(Object.entries(plain))), canonicalize(plain))
    }
  }
})

test('members are sorted by UTF-16 code units, as in RFC 8785 section 3.2.3', () => {
  const sample = parseJson(
    String.raw`{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}`,
  )
  assert.equal(
    canonicalJson(sample),
    '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  )
})

test('another implementation agrees on random values, and on their Map form', () => {
  const value = fc.jsonValue({ maxDepth: 5, stringUnit: 'grapheme' })
  fc.assert(
    fc.property(value, (sample) => {
      fc.pre(!JSON.stringify(sample).includes('__proto__'))
      const plain = sample as Canonical // fast-check types JSON values as unknown
      assert.equal(canonicalJson(plain), canonicalize(sample))
      assert.equal(canonicalJson(asMaps(sample)), canonicalize(sample))
    }),
    { numRuns: 1000 },
  )
})

test('it does not depend on the order in which members came', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.string()), (members) => {
      const reversed = new Map(Object.entries(members).reverse())
      assert.equal(canonicalJson(reversed), canonicalJson(members))
    }),
  )
})

test('an exact number prints what was sent: equal to JCS when written as ECMAScript would', () => {
  assert.equal(canonicalJson(new ExactNumber('40.00')), '40.00')
  assert.equal(canonicalJson(parseJson('{"a":9007199254740993}')), '{"a":9007199254740993}')
  assert.notEqual(canonicalJson(parseJson('1.0')), canonicalJson(parseJson('1')))
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
      const text = JSON.stringify(number)
      assert.equal(canonicalJson(new ExactNumber(text)), canonicalize(number))
    }),
  )
})

test('absent members are left out, and absent is not null', () => {
  assert.equal(canonicalJson({ a: undefined, b: null }), '{"b":null}')
})

test('what JSON cannot hold is refused instead of being written as something else', () => {
  const outside = [
    undefined,
    1n,
    Symbol('x'),
    new Date(0),
    new Set([1]),
    /x/,
    () => 1,
    [undefined],
    new Array(1),
  ]
  const smuggled = outside as Canonical[] // outside the type on purpose: this is the guard behind it
  for (const value of smuggled) assert.throws(() => canonicalJson(value), TypeError)
  assert.throws(() => canonicalJson('\ud800'), TypeError)
  assert.throws(() => canonicalJson({ '\udc00': 1 }), TypeError)
})

function asMaps(value: unknown): Canonical {
  if (Array.isArray(value)) return value.map(asMaps)
  if (typeof value === 'object' && value !== null) {
    return new Map(Object.entries(value).map(([name, item]) => [name, asMaps(item)]))
  }
  return value as Canonical // a JSON scalar: arrays and objects were handled above
}

test('a domain hash is SHA-256 over domain, a zero byte and the canonical form', () => {
  const expected = createHash('sha256')
    .update('remit/call/v1\0{"a":1,"b":[2.50]}')
    .digest('base64url')
  assert.equal(domainHash('remit/call/v1', parseJson('{ "b": [2.50], "a": 1 }')), expected)
  // Pinned: approvals and ledgers in the field hold such values.
  assert.equal(domainHash('remit/call/v1', {}), 'ZsLytTpGCh8SfrkKYIb6Ed8uornOF4MWLIc6RdfXwiQ')
})

test('the same value in another domain has another hash', () => {
  assert.notEqual(domainHash('remit/call/v1', {}), domainHash('remit/answer/v1', {}))
  assert.notEqual(domainHash('remit/call/v1', {}), domainHash('remit/call/v2', {}))
})

test('a value that differs in one digit of a number has another hash', () => {
  assert.notEqual(
    domainHash('remit/call/v1', parseJson('{"amount":900.00}')),
    domainHash('remit/call/v1', parseJson('{"amount":900.0}')),
  )
})
