import type { IncomingMessage } from 'node:http'
import { headerValues } from '../http/index.ts'
import type { PresentedPep } from '../policy/index.ts'

/** RFC 6750 section 2.1: `b64token`. */
const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i
const BASIC = /^basic +([A-Za-z0-9+/]+={0,2})$/i

/** How an enforcement point says who it is: a secret (Bearer, or Basic with its name), or a JWT that it signed. */
export function presentedPep(message: IncomingMessage): PresentedPep | undefined {
  const [header, ...more] = headerValues(message, 'authorization')
  if (header === undefined || more.length > 0) return undefined
  const token = BEARER.exec(header)?.[1]
  if (token !== undefined)
    return token.includes('.')
      ? { kind: 'assertion', jwt: token }
      : { kind: 'secret', secret: token }
  const pair = BASIC.exec(header)?.[1]
  return pair === undefined ? undefined : basic(pair)
}

/** RFC 7617. Names have no colon and nothing that form encoding (RFC 6749 section 2.3.1) would change, nor do secrets. */
function basic(pair: string): PresentedPep | undefined {
  const text = Buffer.from(pair, 'base64').toString('utf8')
  const at = text.indexOf(':')
  return at < 0
    ? undefined
    : { kind: 'secret', name: text.slice(0, at), secret: text.slice(at + 1) }
}
