import { base64url, fromBase64url, sha256url } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import type { AuthzenPorts } from './ports.ts'
import { AuthzenProblem } from './problems.ts'
import { malformedRequest } from './read-request.ts'

/** Place where a search goes on, and how much it may bring. */
export interface SearchPage {
  readonly after: string | undefined
  readonly limit: number
  /** Digest of everything about the request but the page: a token counts for it alone. */
  readonly digest: string
}

const PAGE_LIMIT = { default: 100, most: 1_000 } as const
const MAX_AGE_MS = 3_600_000
const ASSOCIATED_DATA = 'authzen/page'

interface Token {
  readonly after: string
  readonly limit: number
  readonly digest: string
  readonly at: number
}

type PagePorts = Pick<AuthzenPorts, 'master' | 'clock'>

/**
 * Reads `page`. With a token everything else has to be as it was; a limit may be left out then, and is that of before.
 * @throws Problem `evaluation.malformed`, `search.bad_page`
 */
export function readPage(
  ports: PagePorts,
  body: JsonObject,
  by: { readonly pep: string; readonly endpoint: string },
): SearchPage {
  const page = body.get('page') ?? new Map<string, Json>()
  if (!isObject(page)) throw malformedRequest('`page` has to be an object')
  const limit = readLimit(page.get('limit'))
  const token = page.get('token')
  if (token !== undefined && token !== null && typeof token !== 'string')
    throw malformedRequest('`page.token` has to be a string')
  const digest = pageDigest(body, page, by)
  if (!token) return { after: undefined, limit: limit ?? PAGE_LIMIT.default, digest }
  const known = openToken(ports, token)
  if (known.digest !== digest || (limit ?? known.limit) !== known.limit)
    throw new AuthzenProblem('search.bad_page', 'the page token belongs to another request')
  return { after: known.after, limit: known.limit, digest }
}

/**
 * Sealed, not only signed: the last candidate looked at may be one that was not permitted, and no caller is to learn of it.
 */
export function pageToken(ports: PagePorts, { digest, limit }: SearchPage, after: string): string {
  const token: Token = { after, limit, digest, at: ports.clock.now() }
  return base64url(ports.master.seal(JSON.stringify(token), ASSOCIATED_DATA))
}

function openToken(ports: PagePorts, text: string): Token {
  const sealed = fromBase64url(text)
  const token = sealed && opened(ports, sealed)
  if (!token || ports.clock.now() - token.at > MAX_AGE_MS)
    throw new AuthzenProblem('search.bad_page', 'the page token is not valid, or has expired')
  return token
}

function opened({ master }: PagePorts, sealed: Uint8Array): Token | undefined {
  try {
    return JSON.parse(Buffer.from(master.open(sealed, ASSOCIATED_DATA)).toString('utf8')) as Token // as: only Remit can seal one
  } catch {
    return undefined
  }
}

function readLimit(value: Json | undefined): number | undefined {
  if (value === undefined || value === null) return undefined
  if (!(value instanceof ExactNumber) || !/^\d{1,15}$/.test(value.text))
    throw malformedRequest('`page.limit` has to be a whole number, 0 or more')
  return Math.min(Number(value.text), PAGE_LIMIT.most)
}

function pageDigest(
  body: JsonObject,
  page: JsonObject,
  by: { readonly pep: string; readonly endpoint: string },
): string {
  const { endpoint, pep } = by
  const request = new Map([...body].filter(([name]) => name !== 'page'))
  const properties = page.get('properties') ?? null
  return sha256url(canonicalJson({ endpoint, pep, properties, request }))
}
