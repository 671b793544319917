import { isReadableLine } from '../../platform/lib/text/hidden.ts'
import type { readAgentKey } from '../agents/index.ts'
import type { RequestTerms } from './request-terms.ts'

/** Method with which a client may prove itself at the token endpoint. */
export type ClientMethod = 'none' | 'private_key_jwt'

/** A key that a client publishes for itself. */
export type ClientKey = Pick<ReturnType<typeof readAgentKey>, 'jwk' | 'kid' | 'thumbprint'>

/**
 * Document in which a client describes itself, at the address of its client id, checked by every
 * rule. All of it is the client's own word.
 */
export interface ClientDocument {
  /** Its own address, byte by byte. */
  readonly clientId: string
  /** One visible line. The host, for a client that asks no person. */
  readonly clientName: string
  /** Empty for clients that ask no person. */
  readonly redirectUris: readonly string[]
  /** At least one. More than one: the client chooses each time. */
  readonly methods: readonly ClientMethod[]
  readonly jwksUri: string | undefined
  readonly terms: RequestTerms
  /** Keys of `jwks`, or those fetched from `jwks_uri`. */
  readonly keys: readonly ClientKey[]
}

export const MAX_CLIENT_NAME = 100

/** The text without spaces around it, if it is one line of characters that people can see; else `undefined`. */
export function visibleLine(text: string): string | undefined {
  const line = text.trim()
  const length = [...line].length
  if (length < 1 || length > MAX_CLIENT_NAME) return undefined
  return isReadableLine(line) ? line : undefined
}
