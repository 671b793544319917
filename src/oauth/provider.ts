import { generateKeyPairSync } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import Provider, {
  type ErrorOut,
  errors,
  interactionPolicy,
  type KoaContextWithOIDC,
} from 'oidc-provider'
import { POP_ALGORITHMS } from '../agent-authentication/index.ts'
import type { GrantParts } from '../grants/index.ts'
import type { Cookies } from '../http/index.ts'
import { listProviders } from '../identity-providers/index.ts'
import { ISSUER_ALGORITHMS } from '../issuers/index.ts'
import { Problem } from '../lib/problem.ts'
import type { OidcPayloads } from '../opaque-tokens/index.ts'
import { adapterFor } from './adapter.ts'
import { CHALLENGE } from './attestation.ts'
import { BACKCHANNEL } from './authentication-request.ts'
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
import { extraParameters } from './interactive/asked-details.ts'
import { beginInteraction } from './interactive/begin.ts'
import { clientOfDocument } from './interactive/client-of-document.ts'
import { answerWhereKnown } from './interactive/open-redirect-guard.ts'
import { tellProblems } from './interactive/provider-errors.ts'
import { resourceWanted } from './interactive/resource-wanted.ts'
import { resourceServer } from './interactive/resources.ts'
import { type ResumeResult, settleInteraction } from './interactive/resume.ts'
import { letStepUpPass } from './interactive/step-up.ts'
import { isProved } from './proved-request.ts'
import { REGISTER, type RegistrationPolicy } from './registration/register.ts'

export interface ProviderPorts {
  readonly issuer: string
  /** Whether devices without a browser may ask. */
  readonly deviceCodes: boolean
  /** Whether tokens can be bound to certificates, and agents known by them (RFC 8705). */
  readonly certificates: boolean
  readonly registration: RegistrationPolicy
  /** Whether requests that were not pushed are refused, of every client (RFC 9126 section 5). */
  readonly pushedOnly: boolean
  readonly artefacts: OidcPayloads
  readonly decisions: GrantParts
  readonly cookies: Cookies
  /** For the provider's cookies, the same in every replica: the first signs, all of them hold. */
  readonly cookieKeys: readonly string[]
  /** How an error looks that cannot be sent back to the client. */
  readonly problemPage: (problem: Problem, requestId: string) => string
  readonly onError: (error: unknown) => void
}

export interface AuthorizationServer {
  /** Takes a request over: the answer is its own from here on. Rejects when it could not take it. */
  readonly handle: (request: IncomingMessage, reply: ServerResponse) => Promise<void>
  /** Takes what a person answered to a request over into the protocol. */
  readonly settle: (request: IncomingMessage, uid: string) => Promise<ResumeResult>
}

/** Seconds. A code is redeemed at once, by a program; a person has ten minutes. */
const LIVES = { AuthorizationCode: 60, Grant: 600, Interaction: 600, Session: 600 } as const

/** What its own words leave open for somebody who wrote neither side. */
const IN_WORDS: Readonly<Record<string, string>> = {
  invalid_client: 'the program is not registered here, or not any more; it has to register anew',
  invalid_redirect_uri: 'the answer would go to an address that the program did not register',
}
const UNANSWERABLE = 'the request cannot be answered'

/** RFC 8705 sections 2.2.1 and 3.3; by our own grants, and not by the provider. */
const BY_CERTIFICATE = { tls_client_certificate_bound_access_tokens: true } as const

const AUTHORIZE = '/oauth/authorize'
const BY_ATTESTATION = ['attest_jwt_client_auth', 'attest_jwt_client_auth_dpop']
const MAX_ASSERTION_SECONDS = 300
const QUERY_ONLY = { response_modes_supported: ['query'] } as const

/** What the library says of ID tokens, which nobody gets here. Scopes are those of the resources, whose metadata name them. */
const OF_ID_TOKENS = [
  'claim_types_supported',
  'claims_parameter_supported',
  'claims_supported',
  'id_token_signing_alg_values_supported',
  'scopes_supported',
  'subject_types_supported',
] as const

/**
 * The standard side of the authorization server: metadata (RFC 8414, OpenID Connect Discovery), keys, and the authorization
 * endpoint with pushed requests (RFC 9126), which `oidc-provider` is certified for. What comes of a code is ours
 * (`grants/authorization-code.ts`), as are Remit's own grants; those are registered here only so that the metadata names them.
 */
export function createProvider(ports: ProviderPorts): AuthorizationServer {
  const show = (context: KoaContextWithOIDC, problem: Problem) => {
    context.status = problem.status
    context.type = 'html'
    context.body = ports.problemPage(problem, String(context.res.getHeader('request-id') ?? ''))
  }
  const provider = new Provider(ports.issuer, {
    adapter: (model) =>
      adapterFor(model, ports.artefacts, {
        findByAddress: (id) => clientOfDocument(ports.decisions.documents, id),
        isProved: () => isProved(Provider.ctx?.req),
      }),
    jwks: { keys: [signsNothing()] },
    // A second lock: `pushed-request.ts` and registration come first.
    clientAuthMethods: ports.decisions.fapi2 ? ['private_key_jwt'] : ['private_key_jwt', 'none'],
    extraClientMetadata: { properties: ['default_resource', 'security_profile'] },
    enabledJWA: {
      clientAuthSigningAlgValues: ['ES256', 'EdDSA'],
      idTokenSigningAlgValues: ['ES256'],
      dPoPSigningAlgValues: ['ES256', 'Ed25519', 'EdDSA'],
    },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    responseTypes: ['code'],
    allowOmittingSingleRegisteredRedirectUri: false,
    scopes: ['openid'],
    pkce: { required: () => true },
    extraParams: extraParameters(ports.decisions),
    // The grant is offered, and ours: the provider itself issues none.
    issueRefreshToken: async () => false,
    ttl: LIVES,
    cookies: {
      keys: [...ports.cookieKeys],
      names: { interaction: 'remit_interaction', resume: 'remit_resume', session: 'remit_oauth' },
      short: { signed: true, httpOnly: true, sameSite: 'lax' },
      long: { signed: true, httpOnly: true, sameSite: 'lax' },
    },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      claimsParameter: { enabled: false },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: (context, client) => resourceWanted(ports.decisions, context, client),
        getResourceServerInfo: (context, identifier) =>
          resourceServer(ports.decisions, context, identifier),
      },
      pushedAuthorizationRequests: {
        enabled: true,
        requirePushedAuthorizationRequests: ports.pushedOnly,
      },
    },
    interactions: {
      policy: askAlways(),
      url: (context, interaction) => beginInteraction(ports, context, interaction),
    },
    // Who somebody is, is said by the person's own session here; the provider needs a name for them.
    findAccount: (_context, accountId) => ({ accountId, claims: () => ({ sub: accountId }) }),
    renderError: (context, out, error) => {
      // Programs are answered as programs, whatever they say they accept.
      if (context.path !== AUTHORIZE && !context.path.startsWith(`${AUTHORIZE}/`))
        context.body = out
      else show(context, problemIn(error) ?? inOurWords(out))
    },
    // RFC 7523bis section 3: the issuer is the only audience, as a single string.
    assertJwtClientAuthClaimsAndHeader: async (_ctx, { aud, exp, iat }) => {
      if (aud !== ports.issuer)
        throw new errors.InvalidClientAuth('the audience has to be the issuer')
      // As where agents authenticate to us (`agents/proving`).
      if (typeof iat !== 'number' || Number(exp) - iat > MAX_ASSERTION_SECONDS)
        throw new errors.InvalidClientAuth('an assertion lives five minutes at most, from `iat`')
    },
    routes: {
      authorization: AUTHORIZE,
      jwks: '/oauth/jwks',
      pushed_authorization_request: '/oauth/par',
      token: '/oauth/token',
    },
    discovery: {
      authorization_details_types_supported: ['remit_call', 'remit_delegate'],
      authorization_details_types_metadata_endpoint: `${ports.issuer}${DETAIL_TYPES}`,
      ...attestationMetadata(ports),
      client_id_metadata_document_supported: ports.decisions.documents?.areFetched ?? false,
      ...(ports.registration === 'off'
        ? {}
        : { registration_endpoint: `${ports.issuer}${REGISTER}` }),
      introspection_endpoint: `${ports.issuer}/oauth/introspect`,
      introspection_endpoint_auth_methods_supported: [
        ...waysOf(ports),
        'client_secret_basic',
        'Bearer',
      ],
      introspection_signing_alg_values_supported: ['ES256'],
      revocation_endpoint: `${ports.issuer}/oauth/revoke`,
      revocation_endpoint_auth_methods_supported: ['none', ...waysOf(ports)],
      revocation_endpoint_token_type_values_supported: [ACCESS_TOKEN, REFRESH_TOKEN, DEFERRAL_CODE],
      identity_chaining_requested_token_types_supported: [ID_JAG, JWT],
      authorization_grant_profiles_supported: ['urn:ietf:params:oauth:grant-profile:id-jag'],
      deferred_token_response_supported: true,
      backchannel_authentication_endpoint: `${ports.issuer}${BACKCHANNEL}`,
      backchannel_token_delivery_modes_supported: ['poll', 'ping'],
      backchannel_user_code_parameter_supported: false,
      ...(ports.deviceCodes ? { device_authorization_endpoint: `${ports.issuer}${DEVICE}` } : {}),
      entity_profiles_supported: { subject: ['user'], actor: ['ai_agent'] },
      actor_profile_token_types_supported: ['urn:ietf:params:oauth:token-type:access_token'],
    },
  })
  letStepUpPass(provider)
  const ours = [TOKEN_EXCHANGE, JWT_BEARER, CLIENT_CREDENTIALS, DEFERRED, CIBA]
  for (const grant of ports.deviceCodes ? [...ours, DEVICE_CODE] : ours)
    provider.registerGrantType(grant, handledBefore, [], [])
  // Its metadata names every mode it knows; our clients have one (`registration/read-metadata.ts`).
  provider.use(async (context, next) => {
    await next()
    if (context.oidc?.route !== 'discovery') return
    const body: Record<string, unknown> = Object(context.body)
    for (const name of OF_ID_TOKENS) delete body[name]
    Object.assign(body, QUERY_ONLY)
    Object.assign(body, await waysToSignIn(ports))
    if (ports.certificates) Object.assign(body, BY_CERTIFICATE)
    body.token_endpoint_auth_methods_supported = [
      ...waysOf(ports),
      ...(ports.decisions.fapi2 ? [] : ['none']),
    ]
  })
  provider.use(async (context, next) => {
    await next()
    if (context.status === 404 && !context.body) nothingThere(context)
  })
  provider.use(answerWhereKnown({ decisions: ports.decisions, path: AUTHORIZE, show }))
  tellProblems(provider, ports.onError)
  return {
    handle: callbackOf(provider, ports.issuer),
    settle: (request, uid) =>
      settleInteraction({ ...ports, provider }, request, uid).catch(askAgain(ports.onError)),
  }
}

/**
 * The provider has to have a key, and signs nothing: all tokens are ours. So it is given one that is nobody's, and that no verifier
 * will ever hear of, for ours do not leave `keys`.
 */
function signsNothing() {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  return { ...privateKey.export({ format: 'jwk' }), alg: 'ES256', use: 'sig' } as const
}

/** What none of its addresses is, or not for this method, is told as it is everywhere else. */
function nothingThere(context: Pick<KoaContextWithOIDC, 'body' | 'res' | 'status' | 'type'>): void {
  const problem = new Problem('request.not_found', 'nothing is at this address')
  const requestId = context.res.getHeader('request-id')
  context.body = JSON.stringify({ ...problem.toJSON(), request_id: requestId })
  context.status = problem.status
  context.type = 'application/problem+json'
}

/** How agents authenticate, at every endpoint where they do. */
function waysOf({ certificates, decisions }: ProviderPorts): string[] {
  return [
    'private_key_jwt',
    ...(decisions.challenges ? BY_ATTESTATION : []),
    ...(certificates ? ['self_signed_tls_client_auth'] : []),
    ...(certificates && decisions.clientAuthorities?.length ? ['tls_client_auth'] : []),
  ]
}

/** RFC 9470 section 4: those that providers of people were registered with. */
async function waysToSignIn({ decisions }: ProviderPorts) {
  const providers = await listProviders(decisions)
  const values = [...new Set(providers.flatMap(({ acrValues }) => acrValues))]
  return values.length === 0 ? {} : { acr_values_supported: values.toSorted() }
}

/** Section 9 of the draft on attestations. Nobody is asked for one who authenticates otherwise. */
function attestationMetadata({ decisions, issuer }: ProviderPorts) {
  if (!decisions.challenges) return {}
  return {
    challenge_endpoint: `${issuer}${CHALLENGE}`,
    client_attestation_signing_alg_values_supported: [...ISSUER_ALGORITHMS],
    client_attestation_pop_signing_alg_values_supported: [...POP_ALGORITHMS],
    client_attestation_pop_methods_supported: ['attestation_pop_jwt', 'dpop_combined', 'none'],
  }
}

/** One of ours that was thrown inside, or that something of the provider's stands for. */
function problemIn(error: Error): Problem | undefined {
  return [error, error.cause].find((one) => one instanceof Problem)
}

function inOurWords({ error, error_description: why }: ErrorOut): Problem {
  return error === 'server_error'
    ? new Problem('server.failed', 'the log has the whole error under the request id')
    : new Problem('authorization.bad_request', IN_WORDS[error] ?? why ?? UNANSWERABLE)
}

/** The person is asked each time: a client that registered itself cannot prove that it is the one from before. */
function askAlways(): interactionPolicy.Prompt[] {
  const { Check, Prompt } = interactionPolicy
  const unanswered = new Check(
    'unanswered',
    'the person has to be asked',
    ({ oidc }) => oidc.result?.consent === undefined,
  )
  return [
    new Prompt({ name: 'login', requestable: true }),
    new Prompt({ name: 'consent' }, unanswered),
  ]
}

/** What could not be stored can be tried again from the page, which says how the request stands. */
function askAgain(onError: ProviderPorts['onError']): (error: unknown) => ResumeResult {
  return (error) => {
    if (!(error instanceof Problem && error.status === 503)) throw error
    onError(error)
    return 'unanswered'
  }
}

/** Its answers name the scheme and host it was asked at. The host was checked against ours before; the scheme is configuration. */
function callbackOf(provider: Provider, issuer: string): AuthorizationServer['handle'] {
  provider.proxy = true
  const scheme = new URL(issuer).protocol.slice(0, -1)
  const callback = provider.callback()
  return async (request, reply) => {
    request.headers['x-forwarded-proto'] = scheme
    delete request.headers['x-forwarded-host']
    delete request.headers['x-forwarded-for']
    callback(request, reply)
  }
}

function handledBefore(): never {
  throw new Error('this grant is answered before the provider sees it')
}
