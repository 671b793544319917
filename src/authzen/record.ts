import { sha256url } from '../lib/bytes.ts'
import { isObject, type Json } from '../lib/json.ts'
import type { ReadRequest } from './read-request.ts'

/** A longer request is not kept beside its record; its digest is. */
const MAX_KEPT_BYTES = 4096
/** Members that carry a credential of the call that is asked about. */
const CREDENTIALS = new Set(['access_token', 'dpop'])
/** A JWT, or a secret of our own making, wherever it was put. */
const CREDENTIAL = /eyJ[\w-]+\.[\w-]+\.|(?:remit_[a-z]{2}|pep|enf|int|srf|sgs)_[\w-]{16}/

/**
 * Behind a commitment, so that whoever kept a request can show that it is the one.
 * INVARIANT: no credential comes into the books. Of a request that brings one only the digest is kept.
 */
export function keptOf({ body, bytes }: ReadRequest): Readonly<Record<string, string>> {
  return bytes.length <= MAX_KEPT_BYTES && !holdsCredential(body)
    ? { request: bytes.toString('utf8') }
    : { request_digest: sha256url(bytes) }
}

function holdsCredential(value: Json): boolean {
  if (typeof value === 'string') return CREDENTIAL.test(value)
  if (Array.isArray(value)) return value.some((item: Json) => holdsCredential(item))
  if (!isObject(value)) return false
  return [...value].some(
    ([name, member]) => CREDENTIALS.has(name) || CREDENTIAL.test(name) || holdsCredential(member),
  )
}
