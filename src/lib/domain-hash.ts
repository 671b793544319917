import { createHash } from 'node:crypto'
import { type Canonical, canonicalJson } from './canonical-json.ts'

/** Names what a hash is of, and which version of it. Two domains never give the same hash for the same value. */
export type HashDomain = `remit/${string}/v${number}`

/** base64url(SHA-256(domain ‖ 0x00 ‖ RFC 8785 form)). Contract 6. */
export function domainHash(domain: HashDomain, value: Canonical): string {
  return createHash('sha256').update(`${domain}\0`).update(canonicalJson(value)).digest('base64url')
}
