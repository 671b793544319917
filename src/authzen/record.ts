import { sha256url } from '../lib/bytes.ts'
import type { ReadRequest } from './read-request.ts'

/** A longer request is not kept beside its record; its digest is. */
const MOST_KEPT_BYTES = 4096

/** Behind a commitment, so that whoever kept a request can show that it is the one. */
export function keptOf({ bytes }: ReadRequest): Readonly<Record<string, string>> {
  return bytes.length <= MOST_KEPT_BYTES
    ? { request: bytes.toString('utf8') }
    : { request_digest: sha256url(bytes) }
}
