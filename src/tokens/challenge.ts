import { PROOF_ALGORITHMS } from './proof.ts'

/** RFC 9728 section 3.1: the well-known part goes between host and path of the resource identifier. */
export const METADATA_PREFIX = '.well-known/oauth-protected-resource'

export function metadataUrl(identifier: string): string {
  const url = new URL(identifier)
  return `${url.origin}/${METADATA_PREFIX}${url.pathname === '/' ? '' : url.pathname}`
}

/** The `WWW-Authenticate` challenge of a 401 (RFC 9449 section 7.1, RFC 9728 section 5.1). */
export function challenge(
  identifier: string,
  error?: { code: string; description: string },
): string {
  const parts = [
    `resource_metadata="${metadataUrl(identifier)}"`,
    `algs="${PROOF_ALGORITHMS.join(' ')}"`,
  ]
  if (error) {
    parts.unshift(
      `error="${error.code}"`,
      // RFC 6750 section 3: printable ASCII without `"` and `\`.
      `error_description="${error.description.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'")}"`,
    )
  }
  return `DPoP ${parts.join(', ')}`
}
