import type { IncomingMessage, ServerResponse } from 'node:http'
import type { GrantParts } from '../../grants/grants/index.ts'
import { POP_ALGORITHMS } from '../../identity/agent-authentication/index.ts'
import { listProviders } from '../../identity/identity-providers/index.ts'
import { ISSUER_ALGORITHMS } from '../../identity/issuers/index.ts'
import { PROOF_ALGORITHMS } from '../../identity/possession/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { CHALLENGE } from './attestation.ts'
import { BACKCHANNEL } from './authentication-request.ts'
import { AUTHORIZE } from './authorization/endpoint.ts'
import { PUSHED } from './authorization/pushed-request.ts'
import { DETAIL_TYPES } from './detail-types.ts'
import { DEVICE } from './device-request.ts'
import {
  ACCESS_TOKEN,
  CIBA,
  CLIENT_CREDENTIALS,
  DEFERRAL_CODE,
  DEFERRED,
  DEVICE_CODE,
  ID_JAG,
  JWT,
  JWT_BEARER,
  REFRESH_TOKEN,
  TOKEN_EXCHANGE,
} from './grant-types.ts'
import { INTROSPECT } from './presented-caller.ts'
import { REGISTER, type RegistrationPolicy } from './registration/register.ts'
import { REVOKE } from './revoke.ts'

/** RFC 8414 section 3, and where OpenID Connect Discovery has the same. */
export const METADATA = [
  '/.well-known/oauth-authorization-server',
  '/.well-known/openid-configuration',
] as const

export interface MetadataPorts {
  readonly issuer: string
  readonly decisions: GrantParts
  /** True when devices without a browser may ask. */
  readonly deviceCodes: boolean
  /** Tokens can be bound to certificates, and agents known by them (RFC 8705), if it is there. */
  readonly certificates?: object | undefined
  readonly registration: RegistrationPolicy
  readonly pushedOnly: boolean
}

/** Answers with the metadata of the authorization server. Any page may read them. */
export async function metadataEndpoint(
  message: IncomingMessage,
  reply: ServerResponse,
  ports: MetadataPorts,
): Promise<object> {
  if (message.method !== 'GET' && message.method !== 'HEAD')
    throw new Problem('request.method_not_allowed', 'GET is needed')
  reply.setHeader('access-control-allow-origin', '*')
  return metadataOf(ports)
}

/** Authorization server metadata (RFC 8414 section 2). Scopes are those of the resources, whose own metadata name them. */
async function metadataOf(ports: MetadataPorts) {
  const { certificates, decisions, deviceCodes, issuer, pushedOnly, registration } = ports
  const endpointAt = (path: string) => `${issuer}${path}`
  const ways = waysOf(ports)
  const none = decisions.fapi2 ? [] : ['none']
  return {
    issuer,
    authorization_endpoint: endpointAt(AUTHORIZE),
    token_endpoint: endpointAt('/oauth/token'),
    jwks_uri: endpointAt('/oauth/jwks'),
    ...(registration === 'off' ? {} : { registration_endpoint: endpointAt(REGISTER) }),
    client_id_metadata_document_supported: decisions.documents?.areFetched ?? false,
    response_types_supported: ['code'],
    response_modes_supported: ['query'],
    grant_types_supported: [
      ...['authorization_code', 'refresh_token', TOKEN_EXCHANGE, JWT_BEARER, CLIENT_CREDENTIALS],
      ...[DEFERRED, CIBA, ...(deviceCodes ? [DEVICE_CODE] : [])],
    ],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
    token_endpoint_auth_methods_supported: [...ways, ...none],
    token_endpoint_auth_signing_alg_values_supported: PROOF_ALGORITHMS,
    dpop_signing_alg_values_supported: PROOF_ALGORITHMS,
    ...(certificates ? { tls_client_certificate_bound_access_tokens: true } : {}),
    ...(await signInContexts(decisions)),
    pushed_authorization_request_endpoint: endpointAt(PUSHED),
    ...(pushedOnly ? { require_pushed_authorization_requests: true } : {}),
    // Names of people in `sub`. OpenID Connect Discovery demands it, and clients such as Spring Security read no metadata without.
    subject_types_supported: ['public', 'pairwise'],
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    authorization_details_types_supported: ['remit_call', 'remit_delegate'],
    authorization_details_types_metadata_endpoint: endpointAt(DETAIL_TYPES),
    ...attestationMetadata(ports),
    introspection_endpoint: endpointAt(INTROSPECT),
    introspection_endpoint_auth_methods_supported: [...ways, 'client_secret_basic', 'Bearer'],
    introspection_signing_alg_values_supported: ['ES256'],
    revocation_endpoint: endpointAt(REVOKE),
    revocation_endpoint_auth_methods_supported: ['none', ...ways],
    revocation_endpoint_token_type_values_supported: [ACCESS_TOKEN, REFRESH_TOKEN, DEFERRAL_CODE],
    identity_chaining_requested_token_types_supported: [ID_JAG, JWT],
    authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
    deferred_token_response_supported: true,
    backchannel_authentication_endpoint: endpointAt(BACKCHANNEL),
    backchannel_token_delivery_modes_supported: ['poll', 'ping'],
    backchannel_user_code_parameter_supported: false,
    ...(deviceCodes ? { device_authorization_endpoint: endpointAt(DEVICE) } : {}),
    entity_profiles_supported: { subject: ['user'], actor: ['ai_agent'] },
    actor_profile_token_types_supported: ['urn:ietf:params:oauth:token-type:access_token'],
  }
}

/** Ways in which agents authenticate, at every endpoint where they do. */
function waysOf({ certificates, decisions }: MetadataPorts): string[] {
  return [
    'private_key_jwt',
    ...(decisions.challenges ? ['attest_jwt_client_auth', 'attest_jwt_client_auth_dpop'] : []),
    ...(certificates ? ['self_signed_tls_client_auth'] : []),
    ...(certificates && decisions.clientAuthorities?.length ? ['tls_client_auth'] : []),
  ]
}

/** RFC 9470 section 4: those that providers of people were registered with. */
async function signInContexts(decisions: Pick<GrantParts, 'storage'>) {
  const providers = await listProviders(decisions)
  const values = [...new Set(providers.flatMap(({ acrValues }) => acrValues))]
  return values.length === 0 ? {} : { acr_values_supported: values.toSorted() }
}

/** Section 9 of the draft on attestations. A client that authenticates otherwise needs none. */
function attestationMetadata({ decisions, issuer }: MetadataPorts) {
  if (!decisions.challenges) return {}
  return {
    challenge_endpoint: `${issuer}${CHALLENGE}`,
    client_attestation_signing_alg_values_supported: [...ISSUER_ALGORITHMS],
    client_attestation_pop_signing_alg_values_supported: [...POP_ALGORITHMS],
    client_attestation_pop_methods_supported: ['attestation_pop_jwt', 'dpop_combined', 'none'],
  }
}
