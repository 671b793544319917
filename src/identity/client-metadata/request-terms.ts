import type { Problem } from '../../platform/lib/problem.ts'

/**
 * Terms of a client for how its authorization requests are taken. Everything here binds the client
 * itself.
 */
export interface RequestTerms {
  /** RFC 9126 section 6: requests that were not pushed are refused. */
  readonly pushed: boolean
  /** FAPI 2.0 Security Profile: pushed requests, `private_key_jwt` and nothing else, bound tokens. */
  readonly fapi2: boolean
  /** Identifier of the resource that its requests are about when they say none. */
  readonly defaultResource?: string | undefined
  /** RFC 9449 section 5.2: the client always proves a key. */
  readonly bound: boolean
}

const MAX_RESOURCE_LENGTH = 512

/**
 * Reads `require_pushed_authorization_requests`, `dpop_bound_access_tokens`, and two members of ours: `security_profile` and `default_resource`. `server`: what holds
 * for every client here.
 */
export function readRequestTerms(
  members: Readonly<Record<string, unknown>>,
  given: {
    readonly methods: readonly string[]
    readonly server: { readonly fapi2?: boolean | undefined }
    readonly bad: (detail: string) => Problem
  },
): RequestTerms {
  const {
    default_resource: resource,
    dpop_bound_access_tokens: bound = false,
    require_pushed_authorization_requests: pushed = false,
    security_profile: profile,
  } = members
  const { bad, methods, server } = given
  if (typeof pushed !== 'boolean')
    throw bad('`require_pushed_authorization_requests` is true or false')
  if (typeof bound !== 'boolean') throw bad('`dpop_bound_access_tokens` is true or false')
  if (profile !== undefined && profile !== 'fapi2') throw bad('`security_profile` is `fapi2`')
  if (resource !== undefined && !isIdentifier(resource))
    throw bad('`default_resource` is the identifier of a resource: an absolute URL')
  const fapi2 = server.fapi2 === true || profile === 'fapi2'
  // 5.3.2.1 of the profile, items 3 and 6.
  if (fapi2 && methods.some((method) => method !== 'private_key_jwt'))
    throw bad('the profile `fapi2` requires `private_key_jwt`')
  return {
    pushed: fapi2 || pushed,
    fapi2,
    bound,
    ...(typeof resource === 'string' ? { defaultResource: resource } : {}),
  }
}

function isIdentifier(value: unknown): boolean {
  const url = typeof value === 'string' && value.length <= MAX_RESOURCE_LENGTH && URL.parse(value)
  return Boolean(url) && !String(value).includes('#')
}

/** Writes terms as the client and the protocol library read them. */
export function membersOfTerms({ bound, defaultResource, fapi2, pushed }: RequestTerms): {
  readonly dpop_bound_access_tokens?: true
  readonly require_pushed_authorization_requests?: true
  readonly security_profile?: 'fapi2'
  readonly default_resource?: string
} {
  return {
    ...(pushed ? { require_pushed_authorization_requests: true } : {}),
    ...(bound ? { dpop_bound_access_tokens: true } : {}),
    ...(fapi2 ? { security_profile: 'fapi2' } : {}),
    ...(defaultResource === undefined ? {} : { default_resource: defaultResource }),
  }
}
