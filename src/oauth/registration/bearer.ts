import type { IncomingMessage } from 'node:http'
import { headerValues } from '../../http/index.ts'

/** The one bearer token of a request, in its one spelling (RFC 6750 section 2.1). */
export function bearerOf(message: IncomingMessage): string | undefined {
  const [value = '', ...more] = headerValues(message, 'authorization')
  if (more.length > 0) return undefined
  return /^Bearer ([A-Za-z0-9._~+/-]+=*)$/i.exec(value)?.[1]
}
