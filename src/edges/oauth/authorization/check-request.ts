import type { StepUp } from '@remit/engine'
import { readAskedDetails, requireKeyIfNeeded } from '../../../grants/code-grant/index.ts'
import type { GrantParts } from '../../../grants/grants/index.ts'
import { isRegisteredRedirect } from '../../../identity/client-metadata/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { refusalProblem } from '../token-answer.ts'
import { wantedStepUp } from '../wanted-step-up.ts'
import type { RequestParameters } from './parameters.ts'
import { requestedResource } from './requested-resource.ts'
import type { RequestingClient } from './requesting-client.ts'

/** Authorization request (RFC 6749 section 4.1.1) that can be put to a person. */
export interface AuthorizationRequest {
  readonly redirectUri: string
  /** Identifier of the one resource. */
  readonly resource: string
  readonly scope: string | null
  /** `authorization_details` as sent. */
  readonly askedDetails: string | null
  readonly deferrable: boolean
  /** An earlier consent of the person may answer. */
  readonly mayReturn: boolean
  readonly stepUp: StepUp | null
  readonly state: string | undefined
  readonly codeChallenge: string
  /** Thumbprint of the key that the client will prove (`dpop_jkt`, RFC 9449 section 10). */
  readonly thumbprint: string | undefined
  /** It will prove a key, or is refused: it said which one, or registered to always do so. */
  readonly announcesKey: boolean
}

/** Every parameter that means something here; others are ignored (RFC 6749 section 3.1). */
const KNOWN = [
  'acr_values',
  'authorization_details',
  'client_id',
  'code_challenge',
  'code_challenge_method',
  'completion_mode',
  'dpop_jkt',
  'max_age',
  'prompt',
  'redirect_uri',
  'registration',
  'request',
  'request_uri',
  'resource',
  'response_mode',
  'response_type',
  'scope',
  'state',
] as const

/** Characters of one value; `authorization_details` have a limit of their own. */
const MAX_VALUE = 16_384
/** A SHA-256 digest in base64url: the only challenge of `S256` (RFC 7636 section 4.2), and a thumbprint (RFC 7638). */
const DIGEST = /^[A-Za-z0-9_-]{43}$/
/** RFC 6749 section 3.3 */
const SCOPE = /^[\x21\x23-\x5b\x5d-\x7e]+(?: [\x21\x23-\x5b\x5d-\x7e]+)*$/

/**
 * The address that the answer goes to.
 * @throws Problem `authorization.bad_request`: there is none that the client registered, so only the person can be told
 */
export function redirectOf({ self }: RequestingClient, { form, repeated }: RequestParameters) {
  const wanted = form.get('redirect_uri')
  if (wanted === undefined || repeated.has('redirect_uri'))
    throw new Problem('authorization.bad_request', 'exactly one `redirect_uri` is needed')
  if (!isRegisteredRedirect(self.redirectUris, wanted))
    throw new Problem(
      'authorization.bad_request',
      'the answer would go to an address that the program did not register',
    )
  return wanted
}

/**
 * Checks an authorization request, pushed or not, with everything that it is asked before the person.
 * INVARIANT: no request without PKCE, and no method but S256 (RFC 9700 section 2.1.1).
 * @throws Problem `authorization.…`, `oauth.invalid_request`, `resource.unknown`, `task.bad_details`, `task.bad_scope`
 */
export async function checkRequest(
  { catalog, storage }: Pick<GrantParts, 'catalog' | 'storage'>,
  client: RequestingClient,
  parameters: RequestParameters,
): Promise<AuthorizationRequest> {
  const { form } = parameters
  const redirectUri = redirectOf(client, parameters)
  requireOnce(parameters)
  refuseUnsupported(form)
  const codeChallenge = challengeOf(form)
  const thumbprint = form.get('dpop_jkt')
  if (thumbprint !== undefined && !DIGEST.test(thumbprint))
    throw invalidOauthRequest('`dpop_jkt` is the SHA-256 thumbprint of a key')
  const scope = form.get('scope') ?? null
  if (scope !== null && !SCOPE.test(scope))
    throw new Problem('task.bad_scope', 'scope contains invalid characters')
  const stepUp = stepUpOf(form)
  const modes = form.get('completion_mode')?.split(' ') ?? []
  if (new Set(modes).size < modes.length)
    throw invalidOauthRequest('`completion_mode` says a value twice')
  const view = await catalog.current()
  const resource = requestedResource(view, parameters, client.terms.defaultResource)
  const askedDetails = form.get('authorization_details') ?? null
  const details = askedDetails === null ? [] : readAskedDetails(view, askedDetails, resource)
  if ('outcome' in details) throw refusalProblem(details)
  const announcesKey = thumbprint !== undefined || client.terms.bound
  await requireKeyIfNeeded({ catalog, storage }, { ...client.self, announcesKey, resource })
  return {
    ...{ redirectUri, resource, scope, askedDetails, stepUp, codeChallenge, thumbprint },
    announcesKey,
    deferrable: modes.includes('deferred'),
    mayReturn: !promptsOf(form).includes('consent'),
    state: form.get('state'),
  }
}

function requireOnce({ form, repeated }: RequestParameters): void {
  const twice = KNOWN.find((name) => repeated.has(name))
  if (twice === 'resource')
    throw new Problem('resource.unknown', 'exactly one `resource` is needed')
  if (twice !== undefined) throw invalidOauthRequest(`parameter \`${twice}\` came twice`)
  const long = KNOWN.filter((name) => name !== 'authorization_details').find(
    (name) => (form.get(name)?.length ?? 0) > MAX_VALUE,
  )
  if (long !== undefined) throw invalidOauthRequest(`parameter \`${long}\` is too long`)
}

function refuseUnsupported(form: RequestParameters['form']): void {
  if (form.has('request'))
    throw new Problem(
      'authorization.request_object',
      'request objects are not taken: push the request',
    )
  if (form.has('registration'))
    throw new Problem(
      'authorization.registration',
      'a client registers at the registration endpoint',
    )
  const { type = '', mode = 'query' } = {
    type: form.get('response_type'),
    mode: form.get('response_mode'),
  }
  if (type === '') throw invalidOauthRequest('`response_type` is missing')
  if (type !== 'code') throw new Problem('authorization.response_type', '`response_type` is `code`')
  if (mode !== 'query')
    throw invalidOauthRequest('responses are sent in the query: leave `response_mode` out')
}

function challengeOf(form: RequestParameters['form']): string {
  const challenge = form.get('code_challenge')
  if (challenge === undefined) throw invalidOauthRequest('`code_challenge` is needed (PKCE)')
  if (form.get('code_challenge_method') !== 'S256')
    throw invalidOauthRequest('`code_challenge_method` is `S256`')
  if (!DIGEST.test(challenge))
    throw invalidOauthRequest('`code_challenge` is the SHA-256 digest of the verifier in base64url')
  return challenge
}

function promptsOf(form: RequestParameters['form']): readonly string[] {
  return form.get('prompt')?.split(' ').filter(Boolean) ?? []
}

function stepUpOf(form: RequestParameters['form']): StepUp | null {
  const prompts = promptsOf(form)
  if (prompts.includes('none'))
    throw prompts.length === 1
      ? new Problem('authorization.person_needed', 'the person has to be asked')
      : invalidOauthRequest('`prompt` is `none`, or something else')
  const odd = prompts.find((prompt) => prompt !== 'login' && prompt !== 'consent')
  if (odd !== undefined) throw invalidOauthRequest('`prompt` is `login` or `consent`')
  return wantedStepUp(form, prompts.includes('login'))
}

function invalidOauthRequest(detail: string): Problem {
  return new Problem('oauth.invalid_request', detail)
}
