import { Ip } from './value.ts'

/** `ABCD:EF01:2345:6789:ABCD:EF01:2345:6789/128` */
const MAX_CHARACTERS = 43

/**
 * Cedar's `ip("…")`: an IPv4 or IPv6 address, or a range in prefix notation. IPv4 written inside IPv6 is refused. `undefined` for
 * anything else.
 */
export function parseIp(text: string): Ip | undefined {
  if (text.length > MAX_CHARACTERS) return undefined
  const slash = text.indexOf('/')
  const address = slash < 0 ? text : text.slice(0, slash)
  const bits = address.includes(':') ? 128 : 32
  const value = bits === 32 ? parseIpv4(address) : parseIpv6(address)
  if (value === undefined) return undefined
  const prefix = slash < 0 ? bits : parsePrefix(text.slice(slash + 1), bits)
  return prefix === undefined ? undefined : new Ip(bits, value, prefix)
}

function parsePrefix(text: string, most: number): number | undefined {
  if (!/^(?:0|[1-9][0-9]{0,2})$/.test(text)) return undefined
  const prefix = Number(text)
  return prefix <= most ? prefix : undefined
}

function parseIpv4(text: string): bigint | undefined {
  const parts = text.split('.')
  if (parts.length !== 4) return undefined
  let value = 0
  for (const part of parts) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(part) || Number(part) > 255) return undefined
    value = value * 256 + Number(part)
  }
  return BigInt(value)
}

function parseIpv6(text: string): bigint | undefined {
  const gap = text.indexOf('::')
  const head = groupsOf(gap < 0 ? text : text.slice(0, gap))
  const tail = groupsOf(gap < 0 ? '' : text.slice(gap + 2))
  if (!head || !tail) return undefined
  const missing = 8 - head.length - tail.length
  // A gap stands for one group at least.
  if (gap < 0 ? missing !== 0 : missing < 1) return undefined
  let value = 0n
  for (const group of [...head, ...new Array<number>(missing).fill(0), ...tail]) {
    value = (value << 16n) | BigInt(group)
  }
  return value
}

function groupsOf(text: string): readonly number[] | undefined {
  if (text === '') return []
  const groups = text.split(':')
  return groups.every((group) => /^[0-9a-fA-F]{1,4}$/.test(group))
    ? groups.map((group) => Number.parseInt(group, 16))
    : undefined
}

/** Tells whether every address of one is in the other. */
export function isInRange(inner: Ip, outer: Ip): boolean {
  if (inner.bits !== outer.bits || inner.prefix < outer.prefix) return false
  const free = BigInt(outer.bits - outer.prefix)
  return inner.address >> free === outer.address >> free
}

export function isLoopback({ address, bits, prefix }: Ip): boolean {
  return bits === 32 ? address >> 24n === 127n && prefix >= 8 : address === 1n && prefix === 128
}

export function isMulticast({ address, bits, prefix }: Ip): boolean {
  return bits === 32
    ? address >> 28n === 0b1110n && prefix >= 4
    : address >> 120n === 0xffn && prefix >= 8
}
