import { sha256url } from '../../platform/lib/bytes.ts'
import { isObject, type Json } from '../../platform/lib/json.ts'
import type { ReadRequest } from './read-request.ts'

/** A longer request is not kept beside its record; its digest is. */
const MAX_KEPT_BYTES = 4096
/** Members that carry a credential of the call that is asked about. */
const CREDENTIALS = new Set(['access_token', 'dpop'])
const NAMED = /"(?:access_token|dpop)"/
/** A JWT, or a secret of our own making, wherever it was put. */
const CREDENTIAL = /eyJ[\w-]+\.[\w-]+\.|(?:remit_[a-z]{2}|pep|enf|int|srf|sgs)_[\w-]{16}/

/**
 * Behind a commitment, so that the holder of a request can show that it is the one.
 * INVARIANT: no credential comes into the books. Of a request that brings one only the digest is kept.
 */
export function keptOf({ body, bytes }: ReadRequest): Readonly<Record<string, string>> {
  if (bytes.length <= MAX_KEPT_BYTES) {
    const request = bytes.toString('utf8')
    if (!(mayHoldCredential(request) && holdsCredential(body))) return { request }
  }
  return { request_digest: sha256url(bytes) }
}

/** False: no string of this text can be a credential, nor name one. True also for a text with escapes, in which much could be. */
function mayHoldCredential(text: string): boolean {
  return text.includes('\\') || NAMED.test(text) || CREDENTIAL.test(text)
}

function holdsCredential(value: Json): boolean {
  if (typeof value === 'string') return CREDENTIAL.test(value)
  if (Array.isArray(value)) return value.some((item: Json) => holdsCredential(item))
  if (!isObject(value)) return false
  return [...value].some(
    ([name, member]) => CREDENTIALS.has(name) || CREDENTIAL.test(name) || holdsCredential(member),
  )
}
