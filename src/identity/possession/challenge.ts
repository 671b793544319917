import { PROOF_ALGORITHMS } from './dpop-proof.ts'

/** RFC 9728 section 3.1: the well-known part goes between host and path of the resource identifier. */
export const METADATA_PREFIX = '.well-known/oauth-protected-resource'

export function metadataUrl(identifier: string): string {
  const url = new URL(identifier)
  return `${url.origin}/${METADATA_PREFIX}${url.pathname === '/' ? '' : url.pathname}`
}

/** Resource that a challenge is about. */
export interface ChallengedResource {
  readonly identifier: string
  readonly protocol: 'http' | 'mcp' | 'a2a' | 'graphql'
  /** An administrator's word on tokens that nothing is proved of; left out: as the protocol has it. */
  readonly bearer?: 'allowed' | 'refused'
}

/**
 * Tells whether tokens that nothing is proved of are taken there: clients of MCP servers and A2A
 * agents may know an address and nothing else (contract 4); those of an API have keys, unless an
 * administrator lets others in (contract 13.7).
 */
export function takesBearer({
  bearer,
  protocol,
}: Pick<ChallengedResource, 'bearer' | 'protocol'>): boolean {
  return bearer === undefined ? protocol !== 'http' : bearer === 'allowed'
}

/**
 * Reason why the credentials of a request were refused; and the authentication that would be
 * enough, where the person has to sign in again (RFC 9470).
 */
export interface ChallengeReason {
  readonly code: string
  readonly description: string
  readonly acrValues?: string | undefined
  readonly maxAge?: string | undefined
}

const OF_PROOFS: ReadonlySet<string> = new Set(['invalid_dpop_proof', 'use_dpop_nonce'])

/**
 * The `WWW-Authenticate` value of a 401 (RFC 9449 section 7.1, RFC 9728 section 5.1). Where it is taken, `Bearer` comes
 * first: the clients there read the first challenge and no other.
 */
export function challenge(resource: ChallengedResource, error?: ChallengeReason): string {
  const metadata = `resource_metadata="${metadataUrl(resource.identifier)}"`
  const dpop = ['DPoP', [...told(error), metadata, `algs="${PROOF_ALGORITHMS.join(' ')}"`]] as const
  // RFC 6750 section 3.1 knows no error of proofs: a client that shows one is told so by the other challenge.
  const shown = error && OF_PROOFS.has(error.code) ? undefined : error
  const bearer = ['Bearer', [...told(shown), metadata]] as const
  return (takesBearer(resource) ? [bearer, dpop] : [dpop])
    .map(([scheme, parts]) => `${scheme} ${parts.join(', ')}`)
    .join(', ')
}

function told(error: ChallengeReason | undefined): string[] {
  if (!error) return []
  return [
    `error="${error.code}"`,
    // RFC 6750 section 3: printable ASCII without `"` and `\`.
    `error_description="${error.description.replaceAll(/[^\x20-\x21\x23-\x5b\x5d-\x7e]/g, "'")}"`,
    ...(error.acrValues === undefined ? [] : [`acr_values="${error.acrValues}"`]),
    ...(error.maxAge === undefined ? [] : [`max_age="${error.maxAge}"`]),
  ]
}
