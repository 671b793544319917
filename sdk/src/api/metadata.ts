/** Description of an API for clients that call it directly. */
export interface ResourceDescription {
  /** The API's own resource identifier. */
  readonly resource: string
  readonly issuer: string
  /** Name of the API for people. */
  readonly title?: string
  /** Action names that clients may ask for. */
  readonly scopes?: readonly string[]
}

/**
 * The document that tells a client where tokens for an API come from (RFC 9728 section 2). Serve it as JSON at
 * `protectedResourceMetadataPath(resource)`, without any credential.
 */
export function protectedResourceMetadata({
  issuer,
  resource,
  scopes,
  title,
}: ResourceDescription): Readonly<Record<string, unknown>> {
  return {
    resource,
    ...(title === undefined ? {} : { resource_name: title }),
    authorization_servers: [issuer],
    ...(scopes === undefined ? {} : { scopes_supported: [...scopes] }),
    bearer_methods_supported: ['header'],
    authorization_details_types_supported: ['remit_call'],
    dpop_signing_alg_values_supported: ['ES256', 'Ed25519', 'EdDSA'],
    dpop_bound_access_tokens_required: true,
  }
}

/**
 * Computes the path of the document: the well-known part goes between host and path (RFC 9728
 * section 3.1).
 */
export function protectedResourceMetadataPath(resource: string): string {
  const { pathname } = new URL(resource)
  return `/.well-known/oauth-protected-resource${pathname === '/' ? '' : pathname}`
}
