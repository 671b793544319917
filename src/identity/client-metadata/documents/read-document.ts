import { clientHost } from '../../../platform/lib/client-url.ts'
import { ExactNumber, type Json } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { type ClientDocument, MAX_CLIENT_NAME, visibleLine } from '../client-document.ts'
import { checkRedirectUri } from '../redirect-uri.ts'
import { readRequestTerms } from '../request-terms.ts'
import { invalidClientDocument, keysOf, methodsOf, refuseSecrets } from './credentials.ts'

const MAX_REDIRECTS = 10
const MAX_JWKS_URI = 512

/** A document whose keys, if they are elsewhere, are still to be fetched. */
export type ReadDocument = ClientDocument

/**
 * Reads a metadata document that was fetched from `clientId` (section 4 of the draft, and what MCP adds): its own address, no
 * secrets, the ways it authenticates with their keys, and for clients that ask people a name and where answers go. Members that
 * are not used (`logo_uri`, `client_uri`, `scope` …) are neither looked at nor fetched nor shown.
 * @throws Problem `client_document.invalid`
 */
export function readClientDocument(json: Json, clientId: string): ReadDocument {
  const members = plainMember(json)
  if (typeof members !== 'object' || members === null || Array.isArray(members))
    throw invalidClientDocument('it is not a JSON object')
  const given: Readonly<Record<string, unknown>> = { ...members }
  // INVARIANT: byte by byte, and the address that it was fetched from.
  if (given.client_id !== clientId)
    throw invalidClientDocument('its `client_id` is not its own URL')
  refuseSecrets(given)
  const methods = methodsOf(given)
  const { jwks, jwks_uri: jwksUri } = given
  if (jwks !== undefined && jwksUri !== undefined)
    throw invalidClientDocument('use either `jwks` or `jwks_uri`')
  const proves = methods.includes('private_key_jwt')
  if (proves && jwks === undefined && jwksUri === undefined)
    throw invalidClientDocument('`private_key_jwt` needs `jwks` or `jwks_uri`')
  return {
    clientId,
    ...asking(given, clientId),
    methods,
    terms: readRequestTerms(given, {
      methods,
      server: { fapi2: false },
      bad: invalidClientDocument,
    }),
    jwksUri: proves && jwksUri !== undefined ? keysAddress(jwksUri) : undefined,
    keys: proves && jwks !== undefined ? keysOf(jwks) : [],
  }
}

/**
 * Reads the name and the addresses with which people are asked. Clients of other grants need none
 * of it (section 4.2).
 */
function asking(
  given: Readonly<Record<string, unknown>>,
  clientId: string,
): Pick<ClientDocument, 'clientName' | 'redirectUris'> {
  const name = documentClientName(given.client_name)
  const { grant_types: grants, redirect_uris: redirects, response_types: responses } = given
  if (grants !== undefined && !isTexts(grants))
    throw invalidClientDocument('`grant_types` is a list of grants')
  if (responses !== undefined && !isTexts(responses))
    throw invalidClientDocument('`response_types` is a list of types')
  const asks = grants === undefined || grants.includes('authorization_code')
  if (!asks || (grants === undefined && redirects === undefined))
    return { clientName: name ?? clientHost(clientId), redirectUris: [] }
  if (responses !== undefined && !responses.includes('code'))
    throw invalidClientDocument('`response_types` does not contain `code`')
  if (name === undefined) throw invalidClientDocument('`client_name` is missing')
  if (!isTexts(redirects) || redirects.length === 0 || redirects.length > MAX_REDIRECTS)
    throw invalidClientDocument(`\`redirect_uris\` are 1 to ${MAX_REDIRECTS} addresses`)
  return { clientName: name, redirectUris: [...new Set(redirects.map(redirectOf))] }
}

function redirectOf(uri: unknown): string {
  try {
    return checkRedirectUri(uri)
  } catch (cause) {
    throw cause instanceof Problem
      ? invalidClientDocument(`\`redirect_uris\`: ${cause.detail}`, cause)
      : cause
  }
}

function documentClientName(given: unknown): string | undefined {
  if (given === undefined) return undefined
  const name = typeof given === 'string' ? visibleLine(given) : undefined
  if (name === undefined)
    throw invalidClientDocument(
      `\`client_name\` is 1 to ${MAX_CLIENT_NAME} visible characters on one line`,
    )
  return name
}

/** Reads the address of keys. Where it leads is checked again when it is fetched. */
function keysAddress(uri: unknown): string {
  const url = typeof uri === 'string' && uri.length <= MAX_JWKS_URI ? URL.parse(uri) : null
  if (url?.protocol !== 'https:' || url.href !== uri || /[#@]/.test(uri))
    throw invalidClientDocument('`jwks_uri` is an `https` address')
  return url.href
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string')
}

/** Converts a value of JSON. Nothing that is read here is a number. */
export function plainMember(value: Json): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof ExactNumber) return Number(value.text)
  if (value instanceof Map)
    return Object.fromEntries(Array.from(value, ([k, v]) => [k, plainMember(v)]))
  return Array.isArray(value) ? value.map(plainMember) : undefined
}
