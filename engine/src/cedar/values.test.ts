import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { DAY, parseDatetime, parseDuration, toDate, toTime } from './datetime.ts'
import { parseDecimal } from './decimal.ts'
import { isInRange, isLoopback, isMulticast, parseIp } from './ip.ts'
import { ANY, likeMatcher, type PatternElement } from './like.ts'
import { add, divide, longOf, multiply, negate, parseLong, subtract } from './long.ts'
import {
  Decimal,
  Duration,
  EntityUid,
  equal,
  keyOf,
  RecordValue,
  SetValue,
  type Value,
} from './value.ts'

const MAX = 2n ** 63n - 1n
const MIN = -(2n ** 63n)

describe('64-bit integers', () => {
  const EDGES = [0n, 1n, -1n, 3n, 2n ** 31n, 3037000500n, 2n ** 53n - 1n, 2n ** 53n, 2n ** 62n, MAX]
  const NUMBERS = [...EDGES, ...EDGES.map((n) => -n), MIN]

  it('are exact, and overflow instead of wrapping or rounding', () => {
    for (const a of NUMBERS) {
      for (const b of NUMBERS) {
        const [x, y] = [longOf(a) ?? assert.fail(), longOf(b) ?? assert.fail()]
        assert.equal(add(x, y), longOf(a + b), `${a} + ${b}`)
        assert.equal(subtract(x, y), longOf(a - b), `${a} - ${b}`)
        assert.equal(multiply(x, y), longOf(a * b), `${a} * ${b}`)
        assert.equal(x < y, a < b)
        assert.equal(x === y, a === b)
      }
    }
    assert.equal(negate(longOf(MIN) ?? 0), undefined)
    assert.equal(longOf(MAX + 1n), undefined)
    assert.ok(Object.is(multiply(-3, 0), 0), 'there is one zero')
  })

  it('are divided towards zero', () => {
    for (const a of NUMBERS) assert.equal(divide(longOf(a) ?? 0, 1000), longOf(a / 1000n))
  })

  it('are read from digits only', () => {
    assert.equal(parseLong('9223372036854775807'), MAX)
    assert.equal(parseLong('-9223372036854775808'), MIN)
    assert.equal(parseLong('-0'), 0)
    for (const text of ['9223372036854775808', '1.0', '1e3', '', '+1', '01', ' 1', '٣'])
      assert.equal(parseLong(text), undefined, text)
  })
})

describe('decimals', () => {
  it('are exact ten-thousandths', () => {
    const read = (text: string) => parseDecimal(text)?.scaled
    assert.equal(read('1.5'), 15000)
    assert.equal(read('-0.0001'), -1)
    assert.equal(read('000001.10'), 11000)
    assert.equal(read('922337203685477.5807'), MAX)
    assert.equal(read(`-${'0'.repeat(1e6)}922337203685477.5807`), -MAX)
    assert.equal(read('0'.repeat(1e6)), undefined)
    assert.equal(read('-922337203685477.5808'), MIN)
    for (const text of [
      '922337203685477.5808',
      '1',
      '1.',
      '.5',
      '1.00000',
      '+1.0',
      '1.0 ',
      '',
      '1e1.0',
    ])
      assert.equal(read(text), undefined, text)
  })
})

describe('instants and durations', () => {
  it('are the milliseconds that the calendar says', () => {
    const read = (text: string) => parseDatetime(text)?.at
    for (const text of ['2024-02-29', '0000-01-01', '0000-02-29', '1600-02-29', '9999-12-31'])
      assert.equal(read(text), Date.parse(`${text}T00:00:00Z`), text)
    assert.equal(read('1969-12-31T23:59:59.999Z'), -1)
    assert.equal(read('2024-01-01T01:30:00+0130'), Date.UTC(2024, 0, 1))
    assert.equal(read('2023-12-31T23:30:00.001-0030'), Date.UTC(2024, 0, 1) + 1)
    for (const text of [
      ...[
        '2023-02-29',
        '1900-02-29',
        '2024-13-01',
        '2024-04-31',
        '2024-00-01',
        '2024-01-00',
        '2024-1-1',
      ],
      ...[
        '2024-01-01T24:00:00Z',
        '2024-01-01T00:60:00Z',
        '2024-01-01T00:00:60Z',
        '2024-01-01T00:00Z',
      ],
      ...[
        '2024-01-01T00:00:00',
        '2024-01-01T00:00:00+2400',
        '2024-01-01T00:00:00+01:00',
        '2024-01-01 ',
      ],
      ...['2024-01-01T00:00:00.1Z', '12024-01-01', ''],
    ])
      assert.equal(read(text), undefined, text)
  })

  it('are taken apart at midnight, also before 1970 and at the ends', () => {
    const at = (milliseconds: bigint | number) => {
      const made = { at: longOf(BigInt(milliseconds)) ?? assert.fail() }
      return [toDate(made)?.at, toTime(made).milliseconds]
    }
    assert.deepEqual(at(DAY + 5), [DAY, 5])
    assert.deepEqual(at(-1), [-DAY, DAY - 1])
    assert.deepEqual(at(-DAY), [-DAY, 0])
    assert.equal(at(MIN)[0], undefined, 'that midnight is out of range')
    assert.equal(at(MAX)[1], Number(MAX % BigInt(DAY)))
  })

  it('are read as Cedar writes durations', () => {
    const read = (text: string) => parseDuration(text)?.milliseconds
    assert.equal(read('1d2h3m4s5ms'), 93784005)
    assert.equal(read('-1d2h3m4s5ms'), -93784005)
    assert.equal(read('5ms'), 5)
    assert.equal(read(`${'0'.repeat(50)}1s`), 1000)
    assert.equal(read('-9223372036854775808ms'), MIN)
    assert.equal(read('106751991167d'), 106751991167n * BigInt(DAY))
    for (const text of [
      '',
      '-',
      '5',
      '1h1d',
      '1d1d',
      '1.5h',
      '9223372036854775808ms',
      '106751991168d',
      `${'9'.repeat(1e6)}d`,
    ])
      assert.equal(read(text), undefined, text.slice(0, 30))
  })
})

describe('addresses', () => {
  const ip = (text: string) => parseIp(text) ?? assert.fail(text)

  it('are read as Cedar does', () => {
    assert.equal(ip('1.2.3.4').address, 0x01020304n)
    assert.equal(ip('::1').address, 1n)
    assert.equal(ip('1:2:3:4:5:6:7::').address, 0x00010002000300040005000600070000n)
    assert.equal(ip('ABCD:EF01:2345:6789:ABCD:EF01:2345:6789/128').prefix, 128)
    for (const text of [
      ...[
        '01.2.3.4',
        '1.2.3',
        '256.1.1.1',
        '1.2.3.4/33',
        '1.2.3.4/08',
        '1.2.3.4/',
        '1.2.3.4/+8',
        '',
        '/8',
      ],
      ...[
        ':::',
        '1::2::3',
        '12345::',
        'fe80::1%eth0',
        '::ffff:1.2.3.4',
        '1:2:3:4::5:6:7:8',
        '1:2:3:4:5:6:7',
      ],
      ...['::/129', ':1', '1:', 'g::'],
    ])
      assert.equal(parseIp(text), undefined, text)
  })

  it('are in a range with every address that they stand for', () => {
    assert.ok(isInRange(ip('10.1.2.3'), ip('10.0.0.0/8')))
    assert.ok(isInRange(ip('10.1.2.3'), ip('0.0.0.0/0')))
    assert.ok(!isInRange(ip('10.0.0.0/7'), ip('10.0.0.0/8')))
    assert.ok(!isInRange(ip('11.0.0.0'), ip('10.0.0.0/8')))
    assert.ok(!isInRange(ip('::'), ip('0.0.0.0/0')))
    assert.ok(isInRange(ip('ffff::'), ip('::/0')))
  })

  it('are loopback or multicast as a whole', () => {
    assert.deepEqual(
      ['127.0.0.1', '127.0.0.0/8', '127.0.0.0/7', '::1', '::1/127', '::ffff:7f00:1'].map((text) =>
        isLoopback(ip(text)),
      ),
      [true, true, false, true, false, false],
    )
    assert.deepEqual(
      ['224.0.0.1', '224.0.0.0/3', '239.255.255.255', 'ff00::/8', 'ff00::/7'].map((text) =>
        isMulticast(ip(text)),
      ),
      [true, false, true, true, false],
    )
  })
})

describe('`like`', () => {
  it('matches what a search of every way to match does, without trying any way twice', () => {
    const elements: readonly PatternElement[] = [ANY, 'a', 'b', 'ab', '']
    const patterns = (n: number): PatternElement[][] =>
      n === 0 ? [[]] : patterns(n - 1).flatMap((rest) => elements.map((each) => [each, ...rest]))
    const texts = ['', 'a', 'b', 'ab', 'ba', 'aab', 'abab', 'abba', 'bbaab']
    for (const pattern of [0, 1, 2, 3, 4].flatMap(patterns)) {
      const regex = new RegExp(
        `^${pattern.map((each) => (each === ANY ? '.*' : each)).join('')}$`,
        's',
      )
      const matches = likeMatcher(pattern)
      for (const text of texts)
        assert.equal(matches(text), regex.test(text), `${text} like ${pattern.map(String)}`)
    }
    const hostile = likeMatcher([...new Array(40).fill([ANY, 'a']).flat(), 'b'])
    assert.equal(hostile('a'.repeat(100_000)), false)
  })
})

describe('equality', () => {
  const set = (...items: Value[]) => new SetValue(items)
  const record = (members: Record<string, Value>) =>
    new RecordValue(new Map(Object.entries(members)))
  /** No two of them are equal. */
  const DIFFERENT: readonly Value[] = [
    ...[true, false, '', 't', 'n1', '1', 1, 2n ** 60n],
    ...[new EntityUid('A', '1'), new EntityUid('A:', ':1'), new EntityUid('A::', '1')],
    ...[new Decimal(1), new Duration(1), parseDatetime('1970-01-01') ?? assert.fail()],
    ...[parseIp('1.2.3.4') ?? false, parseIp('1.2.3.4/31') ?? false, parseIp('::102:304') ?? false],
    ...[set(), set(1), set('1'), set(1, 2), set(set()), set(set(1), 1), set('1,s2'), set('1', '2')],
    ...[record({}), record({ a: 1 }), record({ a: '1' }), record({ b: 1 }), record({ a: 1, b: 1 })],
    ...[record({ a: set(1) }), record({ 'a:n1': set() })],
  ]

  it('and keys agree, and no two types are equal', () => {
    for (const [i, a] of DIFFERENT.entries()) {
      for (const [j, b] of DIFFERENT.entries()) {
        assert.equal(equal(a, b), i === j, `${keyOf(a)} ${keyOf(b)}`)
        assert.equal(keyOf(a) === keyOf(b), i === j, `${keyOf(a)} ${keyOf(b)}`)
      }
    }
  })

  it('of sets is about members, not about order or how often, few or many', () => {
    const many = Array.from({ length: 30 }, (_, i) => i)
    assert.ok(equal(set(1, 2, 2), set(2, 1)))
    assert.equal(keyOf(set(1, 2, 2)), keyOf(set(2, 1)))
    assert.ok(equal(set(...many), set(...many.toReversed(), 3)))
    assert.ok(!equal(set(...many), set(...many, 30)))
    assert.ok(set(...many, set(1, 2)).has(set(2, 1)))
    assert.ok(set(set(1, 2)).has(set(2, 1)))
  })

  it('compares no more for every level of nesting', () => {
    let compared = 0
    class CountingUid extends EntityUid {
      override is(other: EntityUid): boolean {
        compared++
        return super.is(other)
      }
    }
    const nested = (depth: number): Value =>
      set(
        ...Array.from({ length: 4 }, (_, i) =>
          depth === 0 ? new CountingUid('A', `${i}`) : record({ a: nested(depth - 1), i }),
        ),
      )
    for (const depth of [1, 2, 3, 4]) {
      assert.ok(equal(nested(depth), nested(depth)))
      assert.ok(!set(nested(depth)).has(nested(depth - 1)))
      assert.equal(compared, 0, 'by their keys')
    }
  })
})
