import type { Resource } from '../catalog/index.ts'
import { PROOF_ALGORITHMS } from '../tokens/index.ts'

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
