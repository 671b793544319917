import { CallFailed, ConsentRequired, Denied } from '../errors.ts'
import { objectOf, textOr } from './problem.ts'
import type { RemitServer } from './server.ts'
import type { SignedRequests } from './signed.ts'

/** Answer of the token endpoint (RFC 6749 section 5.1). */
export interface TokenAnswer {
  readonly token: string
  readonly taskId: string
  /** Seconds. */
  readonly expiresIn: number
  readonly details: readonly unknown[]
  /** Details that were asked for and not granted; empty: none. */
  readonly missing: readonly unknown[]
  /** Page on which the person can allow them. */
  readonly interactionUri: string | undefined
}

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
export const CIBA = 'urn:openid:params:grant-type:ciba'
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
export const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'

/**
 * Asks the token endpoint, with a proof by the task's key.
 * @throws {Denied} with Remit's code; {ConsentRequired}; {CallFailed}
 */
export async function requestToken(
  server: RemitServer,
  signed: SignedRequests,
  form: Readonly<Record<string, string | undefined>>,
): Promise<TokenAnswer> {
  const response = await sendForm(server.tokenEndpoint, signed, form)
  const body = await objectOf(response.clone())
  if (!response.ok) throw refusal(response, body)
  const { access_token, authorization_details, expires_in, task_id, token_type } = body
  const { interaction_uri: page, missing_authorization_details: missing } = body
  if (
    typeof access_token !== 'string' ||
    typeof task_id !== 'string' ||
    typeof expires_in !== 'number' ||
    String(token_type).toLowerCase() !== 'dpop'
  )
    throw unreadable(response)
  return {
    token: access_token,
    taskId: task_id,
    expiresIn: expires_in,
    details: Array.isArray(authorization_details) ? authorization_details : [],
    missing: Array.isArray(missing) ? missing : [],
    interactionUri: typeof page === 'string' ? page : undefined,
  }
}

/** Sends a form with a proof by the task's key. What is `undefined` is left out. */
export function sendForm(
  url: string,
  signed: SignedRequests,
  form: Readonly<Record<string, string | undefined>>,
): Promise<Response> {
  const headers = new Headers({
    'content-type': 'application/x-www-form-urlencoded',
    accept: 'application/json',
  })
  const body = formText(form)
  return signed.send({ method: 'POST', url, headers, body, repeatable: true, effect: 'none' })
}

/** The form as text. */
export function formText(form: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(form).filter(
    (each): each is [string, string] => each[1] !== undefined,
  )
  return new URLSearchParams(given).toString()
}

/** RFC 6749 section 5.2, with Remit's own code beside. */
export function refusal(response: Response, body: Readonly<Record<string, unknown>>) {
  const { code, error, error_description, interaction_uri } = body
  if (typeof error !== 'string') return unreadable(response)
  const facts = {
    code: textOr(code) ?? error,
    detail: textOr(error_description) ?? error,
    status: response.status,
    oauthError: error,
    response,
  }
  if (error === 'interaction_required' && typeof interaction_uri === 'string')
    return new ConsentRequired(facts, interaction_uri)
  if (response.status < 500) return new Denied(facts)
  return new CallFailed(facts.code, facts.detail, { ...facts, effect: 'none' })
}

function unreadable(response: Response): CallFailed {
  return new CallFailed('server.unreadable', 'the token endpoint answered something else', {
    effect: 'none',
    status: response.status,
    response,
  })
}
