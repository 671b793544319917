/** Values to write into policies, entities and requests: few, so that they are equal often, and at the edges of their types. */
import type { Json } from './json.ts'
import type { Random } from './random.ts'
import type { Extension } from './schema.ts'

const MIN = -(2n ** 63n)
const MAX = 2n ** 63n - 1n

const LONGS: readonly (number | bigint)[] = [-2, -1, 0, 1, 2, 3, 10, 100, 1000]
const LONG_EDGES: readonly (number | bigint)[] = [
  MIN,
  MIN + 1n,
  MAX,
  MAX - 1n,
  2 ** 53 - 1,
  2n ** 53n,
  2n ** 53n + 1n,
  -(2n ** 53n) - 1n,
  2 ** 31,
  -(2 ** 31) - 1,
  2n ** 62n,
  3037000499,
  3037000500,
]
const STRINGS = [
  '1',
  't',
  'aa',
  'aba',
  '',
  'a',
  'ab',
  'abc',
  'b',
  'ba',
  'aab',
  'A',
  'a*b',
  '*',
  'é',
  'e\u0301',
  '😀',
  'a😀b',
]
const MORE_STRINGS = ['__proto__', 'a\\*b', 'a\nb', 'a\u0000b', '"', 'ß', '\uFFFF', 'ab'.repeat(40)]

export const TEXTS: Readonly<Record<Extension, readonly string[]>> = {
  decimal: [
    '0.0',
    '1.0',
    '1.00',
    '1.23',
    '-1.5',
    '-0.5',
    '-0.0001',
    '0.0001',
    '100.00',
    '-0.0',
    '12.3456',
    '00.1',
    '01.10',
  ],
  datetime: [
    '2024-01-01',
    '2024-02-29',
    '1970-01-01',
    '1969-12-31',
    '2024-01-01T00:00:00Z',
    '2024-01-01T00:00:00.001Z',
    '2024-01-01T01:00:00+0100',
    '2023-12-31T23:59:59.999Z',
    '2024-06-30T12:34:56.789-0530',
  ],
  duration: [
    '0ms',
    '1ms',
    '1d',
    '24h',
    '1h30m',
    '90m',
    '1d2h3m4s5ms',
    '-1d',
    '-1ms',
    '60s',
    '-1h30m',
  ],
  ipaddr: [
    '127.0.0.1',
    '10.0.0.1',
    '10.0.0.1/32',
    '10.0.0.1/24',
    '10.0.0.1/8',
    '10.0.0.0/8',
    '10.1.0.0/16',
    '10.0.0.7/24',
    '224.0.0.1',
    '::1',
    '2001:db8::1',
    '2001:db8::/32',
    'ff02::1',
    '2001:0DB8:0:0::0001',
  ],
}

/** Values at the end of what there is. */
export const EDGES: Readonly<Record<Extension, readonly string[]>> = {
  decimal: [
    '922337203685477.5807',
    '-922337203685477.5808',
    '922337203685477.58',
    '-922337203685477.5807',
  ],
  datetime: [
    '0000-01-01',
    '9999-12-31',
    '9999-12-31T23:59:59.999-2359',
    '0000-01-01T00:00:00+2359',
    '2000-02-29T23:59:59Z',
    '1900-02-28T00:00:00.000Z',
  ],
  duration: [
    '9223372036854775807ms',
    '-9223372036854775808ms',
    '106751991167d',
    '-106751991167d7h12m55s808ms',
    '106751991167d7h12m55s807ms',
    '9223372036854775s807ms',
    '2562047788015h',
    '00001d',
  ],
  ipaddr: [
    '0.0.0.0/0',
    '::/0',
    '255.255.255.255',
    'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff',
    '127.0.0.0/8',
    '127.0.0.0/7',
    '126.0.0.0/7',
    '224.0.0.0/4',
    '224.0.0.0/3',
    '239.255.255.255/4',
    'ff00::/8',
    'ff00::/7',
    '::1/127',
    '::/127',
    '10.0.0.0/31',
    '1:2:3:4:5:6:7:8/1',
  ],
}

/** Near misses: texts that a parser must refuse, or might read in another way. */
export const MISSES: Readonly<Record<Extension, readonly string[]>> = {
  decimal: [
    '',
    '1',
    '1.',
    '.5',
    '+1.0',
    ' 1.0',
    '1.0 ',
    '1.23456',
    '1.00000',
    '922337203685477.5808',
    '-922337203685477.5809',
    '9223372036854775807.0',
    '1e1.0',
    '--1.0',
    '1.-5',
    '1,0',
    '٣.٠',
    '0x1.0',
  ],
  datetime: [
    '',
    '2023-02-29',
    '1900-02-29',
    '2024-13-01',
    '2024-00-01',
    '2024-01-00',
    '2024-04-31',
    '2024-1-1',
    '24-01-01',
    '02024-01-01',
    '+2024-01-01',
    '-0001-01-01',
    '2024-01-01T24:00:00Z',
    '2024-01-01T00:60:00Z',
    '2024-01-01T00:00:60Z',
    '2024-01-01T00:00:00',
    '2024-01-01T00:00:00z',
    '2024-01-01t00:00:00Z',
    '2024-01-01 00:00:00Z',
    '2024-01-01T00:00:00.1Z',
    '2024-01-01T00:00:00.1234Z',
    '2024-01-01T00:00:00.+12Z',
    '2024-01-01T00:00:00+01:00',
    '2024-01-01T00:00:00+2400',
    '2024-01-01T00:00:00+0060',
    '2024-01-01T00:00:00-0000',
    '2024-01-01T00:00:00+010',
    '2024-01-01T00:00Z',
    '2024-01-01T',
    '2024-01-01Z',
    ' 2024-01-01',
    '2024/01/01',
    '٢٠٢٤-01-01',
  ],
  duration: [
    '',
    '-',
    '1',
    'd',
    '1x',
    '1m1h',
    '1h1h',
    '1ms1s',
    '1.5h',
    '1d 2h',
    ' 1d',
    '+1d',
    '--1d',
    '1d-2h',
    '-1d-2h',
    '1D',
    '1S',
    '9223372036854775808ms',
    '-9223372036854775809ms',
    '106751991168d',
    '99999999999999999999d',
    '106751991167d24h',
    '1m s',
    '١d',
  ],
  ipaddr: [
    '',
    '10.0.0',
    '10.0.0.0.0',
    '10.0.0.01',
    '010.0.0.1',
    '256.1.1.1',
    '1.2.3.4/',
    '1.2.3.4/33',
    '1.2.3.4/08',
    '1.2.3.4/+8',
    '1.2.3.4/-1',
    '1.2.3.4/8/8',
    '1.2.3.4/128',
    '1.2.3.4/00',
    ' 1.2.3.4',
    '1.2.3.4 ',
    '::1/129',
    '::1/0128',
    '::1::',
    ':::',
    ':',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4:5:6:7::8',
    '12345::',
    'g::1',
    '::ffff:10.0.0.1',
    '::10.0.0.1',
    'fe80::1%eth0',
    '[::1]',
    '1.2.3.4:80',
    '0x7f.0.0.1',
    '127.1',
    '١.0.0.1',
  ],
}

export function long(random: Random, edge: number): Json {
  return random.pick(random.chance(edge) ? LONG_EDGES : LONGS)
}

export function string(random: Random, edge: number): string {
  return random.pick(random.chance(edge) ? MORE_STRINGS : STRINGS)
}

/** A text for the constructor of an extension type: a value, and at `edge` one at the end of what there is, or none. */
export function text(random: Random, of: Extension, edge: number): string {
  if (!random.chance(edge)) return random.pick(TEXTS[of])
  return random.weighted<() => string>([
    [3, () => random.pick(EDGES[of])],
    [2, () => random.pick(MISSES[of])],
    [2, () => mutated(random, random.pick([...TEXTS[of], ...EDGES[of], ...MISSES[of]]))],
  ])()
}

/**
 * Picks a text that is a value of the type. Data needs it: a text that is none is refused before
 * anything is evaluated.
 */
export function goodText(random: Random, of: Extension, edge: number): string {
  return random.pick(random.chance(edge) ? EDGES[of] : TEXTS[of])
}

/** Changes a text: one character more, less or other. */
export function mutated(random: Random, text: string): string {
  const characters = [...text]
  const at = random.below(characters.length + 1)
  const other = random.pick([...'0123456789-+.:/TZdhms ', ...characters])
  const replaced = random.below(3)
  if (replaced === 0) characters.splice(at, 0, other)
  else if (replaced === 1) characters.splice(at, 1)
  else characters.splice(at, 1, other)
  return characters.join('')
}

/** The name of the constructor. */
export function constructorOf(extension: Extension): string {
  return extension === 'ipaddr' ? 'ip' : extension
}

/** Few, and now and then more than what is looked through one by one. */
export function memberCount(random: Random): number {
  return random.chance(0.08) ? random.between(9, 14) : random.between(0, 3)
}
