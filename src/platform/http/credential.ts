import type { IncomingMessage } from 'node:http'
import { headerValues } from './header-values.ts'

/**
 * A bearer credential of RFC 6750 section 2.1: one space and `b64token`. A value that other readers
 * would read otherwise does not match.
 */
const BEARER = /^bearer ([A-Za-z0-9._~+/-]+=*)$/i
const BASIC = /^basic ([A-Za-z0-9+/]+={0,2})$/i

/** Credential of a program, in one header `Authorization`. */
export type ShownCredential =
  | { readonly scheme: 'bearer'; readonly token: string }
  | { readonly scheme: 'basic'; readonly name: string; readonly secret: string }

/** Reads the credential. `undefined`: none, more than one, or not in a form that we know. */
export function shownCredential(message: IncomingMessage): ShownCredential | undefined {
  const [header, ...more] = headerValues(message, 'authorization')
  if (header === undefined || more.length > 0) return undefined
  const token = BEARER.exec(header)?.[1]
  if (token !== undefined) return { scheme: 'bearer', token }
  const pair = BASIC.exec(header)?.[1]
  return pair === undefined ? undefined : basic(pair)
}

/**
 * Reads the credential of RFC 7617, with name and secret form-encoded (RFC 6749 section 2.3.1):
 * some libraries encode even `_` and `-`.
 */
function basic(pair: string): ShownCredential | undefined {
  const [name, secret, ...more] = Buffer.from(pair, 'base64').toString('utf8').split(':')
  if (name === undefined || secret === undefined || more.length > 0) return undefined
  const decoded = [decode(name), decode(secret)] as const
  const [plainName, plainSecret] = decoded
  if (plainName === undefined || plainSecret === undefined) return undefined
  return { scheme: 'basic', name: plainName, secret: plainSecret }
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text.replaceAll('+', '%20'))
  } catch {
    return undefined
  }
}

/**
 * Splits `DPoP <token>` or `Bearer <token>`: the scheme in any case (RFC 9110 section 11.1), one
 * space, nothing else.
 */
export function accessToken(
  header = '',
): [scheme: 'DPoP' | 'Bearer' | undefined, token: string | undefined] {
  const match = /^(dpop|bearer) ([A-Za-z0-9._~+/=-]+)$/i.exec(header)
  if (!match?.[1]) return [undefined, undefined]
  return [match[1].toLowerCase() === 'dpop' ? 'DPoP' : 'Bearer', match[2]]
}
