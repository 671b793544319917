import type { Resource } from '../catalog/index.ts'
import { PROOF_ALGORITHMS } from '../tokens/index.ts'

/** RFC 9728 section 3.1: the well-known part goes between host and path of the resource identifier. */
export const METADATA_PREFIX = '.well-known/oauth-protected-resource'

/** The document that tells a client where tokens for this resource come from (RFC 9728 section 2). */
export function resourceMetadata(resource: Resource, issuer: string, scopes: readonly string[]) {
  return {
    resource: resource.identifier,
    resource_name: resource.title,
    authorization_servers: [issuer],
    scopes_supported: scopes,
    bearer_methods_supported: ['header'],
    authorization_details_types_supported: ['remit_call'],
    dpop_signing_alg_values_supported: [...PROOF_ALGORITHMS],
    dpop_bound_access_tokens_required: true,
    actor_profile_required: true,
  }
}

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
