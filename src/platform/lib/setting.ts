import { isIP } from 'node:net'
import { Secret } from './secret.ts'

/** One setting: where it comes from, its default, and its meaning. Documentation is made from this table. */
export interface SettingDefinition<T> {
  readonly environment: string
  readonly default: string | undefined
  readonly says: string
  readonly read: (text: string) => T
}

/** Settings by the names of their values. */
export type SettingDefinitions = Readonly<Record<string, SettingDefinition<unknown>>>

/** Values of settings. One without a default may be `undefined`. */
export type SettingValues<S> = {
  readonly [K in keyof S]: S[K] extends SettingDefinition<infer T>
    ? S[K]['default'] extends string
      ? T
      : T | undefined
    : never
}

export function setting<T>(
  environment: string,
  fallback: string,
  says: string,
  read: (text: string) => T,
): SettingDefinition<T> & { readonly default: string } {
  return { environment, default: fallback, says, read }
}

export function optional<T>(
  environment: string,
  says: string,
  read: (text: string) => T,
): SettingDefinition<T> & { readonly default: undefined } {
  return { environment, default: undefined, says, read }
}

/** An origin: scheme, host, port; no path. http only on a loopback address. */
export function readOrigin(text: string): string {
  const url = URL.parse(text)
  if (!url || url.origin !== text.replace(/\/$/, ''))
    throw new Error('is not an origin such as `https://remit.example.com`')
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLoopback(url.hostname))) {
    throw new Error('has to be https, except on a loopback address')
  }
  return url.origin
}

/** An address: https, or http on a loopback address. */
export function readAddress(text: string): string {
  const url = URL.parse(text)
  if (!url || [url.username, url.password].some((each) => each !== ''))
    throw new Error('is not an address such as `https://registry.example/remit/latest`')
  readOrigin(url.origin)
  return url.href
}

export function isLoopback(host: string): boolean {
  return /^127(?:\.\d{1,3}){3}$|^\[?::1\]?$|^localhost$/.test(host)
}

export interface Listen {
  host: string
  port: number
}

export function readListen(text: string): Listen {
  const match = /^(?<host>[A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):(?<port>\d{1,5})$/.exec(text)
  const port = Number(match?.groups?.port)
  if (!match?.groups?.host || port > 65535) throw new Error('is not `host:port`')
  return { host: match.groups.host.replace(/^\[|\]$/g, ''), port }
}

/** Finds what is wrong with an address where plain HTTP is served. `at`: `undefined` where it is not. */
export function plainHttpMistakes(
  name: string,
  at: Listen | undefined,
  { plainHttp }: { readonly plainHttp: 'loopback' | 'behind-proxy' },
): readonly string[] {
  if (plainHttp === 'behind-proxy' || at === undefined || isLoopback(at.host)) return []
  return [
    `${name} is no loopback address, and plain HTTP is served there: credentials could be read on the way. Where a proxy that ends TLS is all that reaches it, set REMIT_PLAIN_HTTP=behind-proxy`,
  ]
}

export function oneOf<const T extends string>(...allowed: readonly T[]): (text: string) => T {
  return (text) => {
    const found = allowed.find((value) => value === text)
    if (!found) throw new Error(`is not one of ${allowed.join(', ')}`)
    return found
  }
}

/** Words out of a list, separated by spaces; none for an empty text. */
export function readWords<const T extends string>(allowed: readonly T[]) {
  return (text: string): readonly T[] =>
    text
      .split(' ')
      .filter(Boolean)
      .map(oneOf(...allowed))
}

export function readRate(text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new Error('is not a number from 0 to 999999')
  return Number(text)
}

/** A whole number in these bounds. */
export function readBetween(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN
    if (!(value >= least && value <= most))
      throw new Error(`is not a whole number from ${least} to ${most}`)
    return value
  }
}

/** Reads a number of days, at most about a century. */
export const readDays = readBetween(0, 36_500)

/** Reads a bearer token (RFC 6750 section 2.1), long enough not to be guessed. */
export function readToken(text: string): Secret {
  if (!/^[A-Za-z0-9._~+/-]{32,512}=*$/.test(text))
    throw new Error('is not at least 32 characters of a bearer token')
  return new Secret(text)
}

export function readAddresses(text: string): readonly string[] {
  const all = text.split(',').map((each) => each.trim())
  const given = all.filter((each) => each !== '')
  if (!given.every((each) => isIP(each) !== 0))
    throw new Error('is not a list of addresses such as `10.0.0.5, 10.0.0.6`')
  return given
}

/** Addresses, and networks such as `10.0.0.0/8`. */
export function readNetworks(text: string): readonly string[] {
  const given = readList(text)
  const isNetwork = (each: string) => {
    const [address = '', bits, ...more] = each.split('/')
    const family = isIP(address)
    const most = family === 4 ? 32 : 128
    return (
      family !== 0 &&
      more.length === 0 &&
      (bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= most))
    )
  }
  if (!given.every(isNetwork))
    throw new Error('is not a list of addresses and networks such as `10.0.0.5, 10.1.0.0/16`')
  return given
}

/** A program and its arguments. No shell reads them, so there are no quotes. */
export function readCommand(text: string): readonly [string, ...string[]] {
  const [program, ...args] = text.split(/\s+/).filter(Boolean)
  if (program === undefined) throw new Error('names no program')
  return [program, ...args]
}

export function readTimeZone(text: string): string {
  try {
    new Intl.DateTimeFormat('en-GB', { timeZone: text })
    return text
  } catch {
    throw new Error('is not a time zone such as `Europe/Berlin`')
  }
}

export function readList(text: string): readonly string[] {
  return text
    .split(',')
    .map((each) => each.trim())
    .filter(Boolean)
}

export const textSetting = (value: string) => value
