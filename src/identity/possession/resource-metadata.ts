import type { Resource } from '../../catalog/catalog/index.ts'
import { takesBearer } from './challenge.ts'
import { PROOF_ALGORITHMS } from './dpop-proof.ts'

/**
 * Document that tells a client where tokens for this resource come from (RFC 9728 section 2). An
 * MCP server or A2A agent does not show the names of its tools or skills
 * to anyone without a token: its scopes are not listed, and what a client may do is asked of the person on the consent
 * page.
 * `certificates`: present where client certificates are read.
 */
export function resourceMetadata(
  resource: Resource,
  { certificates, issuer }: { readonly certificates?: object | undefined; readonly issuer: string },
  scopes: readonly string[],
) {
  const named = resource.protocol === 'http'
  return {
    resource: resource.identifier,
    resource_name: resource.title,
    authorization_servers: [issuer],
    ...(named ? { scopes_supported: scopes } : {}),
    bearer_methods_supported: ['header'],
    authorization_details_types_supported: ['remit_call'],
    dpop_signing_alg_values_supported: [...PROOF_ALGORITHMS],
    ...(certificates
      ? { tls_client_certificate_bound_access_tokens: true }
      : { dpop_bound_access_tokens_required: !takesBearer(resource) }),
    actor_profile_required: true,
  }
}
