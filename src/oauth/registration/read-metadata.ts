import {
  checkRedirectUri,
  isLoopbackRedirect,
  LONGEST_CLIENT_NAME,
  visibleLine,
} from '../../agents/index.ts'
import { Problem } from '../../lib/problem.ts'

/** A public client, as it is registered: what it asked for where that is possible, and nothing it cannot have. */
export interface ClientRegistration {
  readonly redirect_uris: readonly string[]
  readonly application_type: 'native' | 'web'
  readonly token_endpoint_auth_method: 'none'
  readonly grant_types: readonly ['authorization_code', 'refresh_token']
  readonly response_types: readonly ['code']
  readonly response_modes: readonly ['query']
  readonly client_name: string
}

const MOST_REDIRECTS = 10
const GRANTS: ReadonlySet<unknown> = new Set(['authorization_code', 'refresh_token'])

/**
 * Client metadata of RFC 7591 section 2. What we do not use is ignored and not echoed, as section 2 has it; what would make it
 * another kind of client is refused, so that nobody finds out later.
 * @throws Problem `registration.bad_metadata`, `registration.bad_redirect`
 */
export function readClientMetadata(value: unknown): ClientRegistration {
  const given = membersOf(value)
  const redirects = given.redirect_uris
  if (!Array.isArray(redirects) || redirects.length === 0 || redirects.length > MOST_REDIRECTS)
    throw bad(`\`redirect_uris\` are 1 to ${MOST_REDIRECTS} addresses`)
  const uris = [...new Set(redirects.map(checkRedirectUri))]
  const { token_endpoint_auth_method: method = 'none' } = given
  if (method !== 'none')
    throw bad('only public clients register: `token_endpoint_auth_method` none')
  const { grant_types: grants = ['authorization_code'] } = given
  if (!Array.isArray(grants) || !grants.includes('authorization_code'))
    throw bad('`grant_types` has to contain `authorization_code`')
  if (!grants.every((grant) => GRANTS.has(grant)))
    throw bad('`grant_types` are `authorization_code` and `refresh_token`')
  const { response_types: responses = ['code'] } = given
  if (!Array.isArray(responses) || !responses.every((response) => response === 'code'))
    throw bad('`response_types` is `code`')
  return {
    redirect_uris: uris,
    application_type: uris.some(isLoopbackRedirect) ? 'native' : 'web',
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code', 'refresh_token'],
    response_types: ['code'],
    response_modes: ['query'],
    client_name: nameOf(given.client_name),
  }
}

function membersOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw bad('the body is a JSON object')
  return { ...value }
}

function nameOf(given: unknown): string {
  if (given === undefined) return 'A client without a name'
  const name = typeof given === 'string' ? visibleLine(given) : undefined
  if (name === undefined)
    throw bad(`\`client_name\` is 1 to ${LONGEST_CLIENT_NAME} visible characters on one line`)
  return name
}

function bad(detail: string): Problem {
  return new Problem('registration.bad_metadata', detail)
}
