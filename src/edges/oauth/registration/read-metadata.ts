import {
  applicationTypeOf,
  checkRedirectUri,
  MAX_CLIENT_NAME,
  membersOfTerms,
  readClientKeys,
  readRequestTerms,
  visibleLine,
} from '../../../identity/client-metadata/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { CLIENT_CREDENTIALS, JWT_BEARER, TOKEN_EXCHANGE } from '../grant-types.ts'

/** Metadata of a client as they are registered: requested values that Remit supports; others are left out. */
export interface ClientRegistration {
  readonly redirect_uris: readonly string[]
  readonly application_type: 'native' | 'web'
  readonly token_endpoint_auth_method: 'none' | 'private_key_jwt'
  readonly grant_types: readonly string[]
  readonly response_types: readonly ['code']
  readonly response_modes: readonly ['query']
  readonly client_name: string
  /** Public keys of a client that authenticates; its signatures are checked with them. */
  readonly jwks?: { readonly keys: readonly object[] }
  /** Its own word, for rules that narrow by it. */
  readonly require_pushed_authorization_requests?: true
  readonly security_profile?: 'fapi2'
  readonly default_resource?: string
  readonly software_id?: string
  readonly software_version?: string
}

const MAX_REDIRECTS = 10
const GRANTS = ['authorization_code', 'refresh_token'] as const
/** Grants of clients that authenticate, once they are admitted. */
const WITH_A_KEY: readonly string[] = [...GRANTS, CLIENT_CREDENTIALS, TOKEN_EXCHANGE, JWT_BEARER]

type Members = Readonly<Record<string, unknown>>

/**
 * Client metadata of RFC 7591 section 2. What we do not use is ignored and not echoed, as section 2 has it; metadata that would make it
 * another kind of client is refused, so that no client finds out later.
 * @throws Problem `registration.bad_metadata`, `registration.bad_redirect`
 */
export function readClientMetadata(
  value: unknown,
  server: { readonly fapi2?: boolean | undefined },
): ClientRegistration {
  const given = metadataMembers(value)
  const redirects = given.redirect_uris
  if (!Array.isArray(redirects) || redirects.length === 0 || redirects.length > MAX_REDIRECTS)
    throw badRegistrationMetadata(`\`redirect_uris\` are 1 to ${MAX_REDIRECTS} addresses`)
  const uris = [...new Set(redirects.map(checkRedirectUri))]
  const { response_types: responses = ['code'] } = given
  if (!Array.isArray(responses) || !responses.every((response) => response === 'code'))
    throw badRegistrationMetadata('`response_types` is `code`')
  const { application_type: kind = 'web' } = given
  if (kind !== 'web' && kind !== 'native')
    throw badRegistrationMetadata('`application_type` is `web` or `native`')
  const proving = provingOf(given)
  const methods = [proving.token_endpoint_auth_method]
  return {
    redirect_uris: uris,
    // What it is follows from where answers go, whatever it calls itself.
    application_type: applicationTypeOf(uris),
    ...proving,
    response_types: ['code'],
    response_modes: ['query'],
    client_name: registeredName(given.client_name),
    ...softwareOf(given),
    ...membersOfTerms(readRequestTerms(given, { methods, server, bad: badRegistrationMetadata })),
  }
}

/** There are no secrets: a client is public, or has keys of its own. */
function provingOf(
  given: Members,
): Pick<ClientRegistration, 'token_endpoint_auth_method' | 'grant_types' | 'jwks'> {
  const { token_endpoint_auth_method: method = 'none' } = given
  if (method !== 'none' && method !== 'private_key_jwt')
    throw badRegistrationMetadata('`token_endpoint_auth_method` is `none` or `private_key_jwt`')
  const allowed: readonly unknown[] = method === 'none' ? GRANTS : WITH_A_KEY
  const { grant_types: grants = ['authorization_code'] } = given
  if (!Array.isArray(grants) || !grants.includes('authorization_code'))
    throw badRegistrationMetadata('`grant_types` has to contain `authorization_code`')
  if (!grants.every((grant) => allowed.includes(grant)))
    throw badRegistrationMetadata(`\`grant_types\` are ${allowed.join(', ')}`)
  const more = WITH_A_KEY.slice(GRANTS.length).filter((grant) => grants.includes(grant))
  const about = { token_endpoint_auth_method: method, grant_types: [...GRANTS, ...more] } as const
  return method === 'none' ? about : { ...about, jwks: keysOf(given) }
}

function keysOf({ jwks, jwks_uri: uri }: Members): { readonly keys: readonly object[] } {
  if (uri !== undefined)
    throw badRegistrationMetadata('register keys as `jwks`; for `jwks_uri` use a metadata document')
  try {
    return { keys: readClientKeys(jwks).map(({ jwk, kid }) => ({ ...jwk, kid, use: 'sig' })) }
  } catch (cause) {
    throw cause instanceof Problem ? badRegistrationMetadata(`\`jwks\`: ${cause.detail}`) : cause
  }
}

function softwareOf(given: Members): Pick<ClientRegistration, 'software_id' | 'software_version'> {
  const { software_id: id, software_version: version } = given
  return {
    ...(id === undefined ? {} : { software_id: word(id, 'software_id') }),
    ...(version === undefined ? {} : { software_version: word(version, 'software_version') }),
  }
}

function word(value: unknown, name: string): string {
  if (typeof value !== 'string' || !/^[\x21-\x7e]{1,128}$/.test(value))
    throw badRegistrationMetadata(`\`${name}\` is 1 to 128 visible ASCII characters`)
  return value
}

function metadataMembers(value: unknown): Members {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw badRegistrationMetadata('the body is a JSON object')
  return { ...value }
}

function registeredName(given: unknown): string {
  if (given === undefined) return 'A client without a name'
  const name = typeof given === 'string' ? visibleLine(given) : undefined
  if (name === undefined)
    throw badRegistrationMetadata(
      `\`client_name\` is 1 to ${MAX_CLIENT_NAME} visible characters on one line`,
    )
  return name
}

function badRegistrationMetadata(detail: string): Problem {
  return new Problem('registration.bad_metadata', detail)
}
