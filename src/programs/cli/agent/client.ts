import type { JWK } from 'jose'
import { systemClock } from '../../../platform/lib/clock.ts'
import { assertionBy, newTaskKey, proofFor, type TaskKey } from './proof.ts'

/** RFC 8693 sections 2.1 and 3; RFC 7523 section 2.2. */
export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
export const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
export const CLIENT_ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Refusal of a token endpoint (RFC 6749 section 5.2), with the members that Remit adds to it. */
export class OAuthRefusal extends Error {
  readonly error: string
  /** Remit's own code: says exactly why. */
  readonly code: string | undefined
  /** Members of the answer; `interaction_uri` when a person has to agree first. */
  readonly members: Readonly<Record<string, unknown>>
  constructor(error: string, description: string, members: Readonly<Record<string, unknown>>) {
    super(description || error)
    this.name = 'OAuthRefusal'
    this.error = error
    this.code = typeof members.code === 'string' ? members.code : undefined
    this.members = members
  }
}

/** A task as its agent holds it. Plain data. */
export interface OpenTask {
  readonly id: string
  readonly issuer: string
  readonly token: string
  readonly key: TaskKey
  /** Epoch milliseconds. */
  readonly expiresAt: number
  /** Details that were granted, which may be less than the request. */
  readonly details: readonly GrantedDetail[]
  /** Details that were asked for and not granted, and the page on which the person can allow them, where they can. */
  readonly missing?: { readonly details: readonly GrantedDetail[]; readonly page?: string }
}

export interface GrantedDetail {
  readonly locations: readonly string[]
  readonly actions: readonly string[]
}

interface TokenAnswer {
  readonly access_token: string
  readonly expires_in: number
  readonly task_id: string
  readonly authorization_details: readonly GrantedDetail[]
  readonly missing_authorization_details?: readonly GrantedDetail[]
  readonly interaction_uri?: string
}

async function tokenRequest(
  issuer: string,
  key: TaskKey,
  parameters: Record<string, string>,
): Promise<TokenAnswer> {
  const url = `${issuer}/oauth/token`
  const answer = await proved(key, { method: 'POST', url }, (dpop) =>
    fetch(url, {
      method: 'POST',
      headers: { dpop },
      body: new URLSearchParams(parameters),
      redirect: 'error',
    }),
  )
  const body: unknown = await answer.json().catch(() => ({}))
  if (answer.ok) return body as TokenAnswer // as: RFC 8693 section 2.2.1, with our `task_id`
  const members: Readonly<Record<string, unknown>> =
    typeof body === 'object' && body !== null ? { ...body } : {}
  const { error = answer.status, error_description: description = '' } = members
  throw new OAuthRefusal(String(error), String(description), members)
}

/**
 * Opens a task for a person: token exchange of the subject token, the agent authenticated by its key, a fresh key for the
 * task. Asks by details or by scope. Throws `OAuthRefusal`; `interaction_required` carries `interaction_uri`.
 */
export async function requestTask(input: {
  issuer: string
  agent: { id: string; privateJwk: JWK }
  subject: { token: string; type?: string }
  purpose: string
  details?: unknown
  scope?: string
  /** Refuses less than all of it. */
  requireAll?: boolean
  key?: TaskKey
}): Promise<OpenTask> {
  const { agent, details, issuer, purpose, scope, subject } = input
  const key = input.key ?? (await newTaskKey())
  const answer = await tokenRequest(issuer, key, {
    grant_type: TOKEN_EXCHANGE,
    client_id: agent.id,
    client_assertion_type: CLIENT_ASSERTION,
    client_assertion: await assertionBy(agent, issuer),
    subject_token: subject.token,
    subject_token_type: subject.type ?? ID_TOKEN,
    purpose,
    ...(details === undefined ? {} : { authorization_details: JSON.stringify(details) }),
    ...(scope === undefined ? {} : { scope }),
    ...(input.requireAll ? { require_all: 'true' } : {}),
  })
  const { interaction_uri: page, missing_authorization_details: missing } = answer
  return {
    id: answer.task_id,
    issuer,
    token: answer.access_token,
    key,
    expiresAt: systemClock.now() + answer.expires_in * 1000,
    details: answer.authorization_details,
    ...(missing ? { missing: { details: missing, ...(page ? { page } : {}) } } : {}),
  }
}

/** One short token for one resource (RFC 8693 with RFC 8707 `resource`), bound to the task's key. */
export async function resourceToken(
  task: Pick<OpenTask, 'id' | 'issuer' | 'token' | 'key'>,
  resource: string,
): Promise<{ token: string; expiresAt: number }> {
  const answer = await tokenRequest(task.issuer, task.key, {
    grant_type: TOKEN_EXCHANGE,
    client_id: task.id,
    subject_token: task.token,
    subject_token_type: ACCESS_TOKEN,
    resource,
  })
  return {
    token: answer.access_token,
    expiresAt: systemClock.now() + answer.expires_in * 1000,
  }
}

/** Nonces for proofs, by origin: the last one that each origin sent (RFC 9449 section 8.2). */
const nonces = new Map<string, string>()

/** Sends with a proof; once more when that has to be made with another nonce, which means that nothing was done. */
async function proved(
  key: TaskKey,
  request: { method: string; url: string; accessToken?: string },
  send: (proof: string) => Promise<Response>,
): Promise<Response> {
  const { origin } = new URL(request.url)
  const before = nonces.get(origin)
  const answer = await send(await proofFor(key, { ...request, nonce: before }))
  const nonce = answer.headers.get('dpop-nonce')
  if (nonce === null || nonce === before) return answer
  nonces.set(origin, nonce)
  if (answer.status !== 400 && answer.status !== 401) return answer
  await answer.body?.cancel()
  return send(await proofFor(key, { ...request, nonce }))
}

/** A call with a resource token and a proof of its own. Nothing is followed, and nothing that was done is tried twice. */
export async function callResource(
  task: Pick<OpenTask, 'key'>,
  token: string,
  request: {
    method: string
    url: string
    body?: string
    headers?: Readonly<Record<string, string>>
    signal?: AbortSignal
  },
): Promise<Response> {
  const { body, headers = {}, method, signal, url } = request
  const { origin, pathname } = new URL(url)
  const proof = { method, url: origin + pathname, accessToken: token }
  return proved(task.key, proof, (dpop) =>
    fetch(url, {
      method,
      headers: {
        ...headers,
        authorization: `DPoP ${token}`,
        dpop,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
      redirect: 'manual',
    }),
  )
}

/** A request of the task about itself (`/v1/tasks/…`), with the task token. `path` begins with `/` or is empty. */
export async function taskRequest(
  task: Pick<OpenTask, 'id' | 'issuer' | 'token' | 'key'>,
  request: { method: string; path: string; body?: unknown },
): Promise<Response> {
  const url = `${task.issuer}/v1/tasks/${task.id}${request.path}`
  const { body, method } = request
  return proved(task.key, { method, url, accessToken: task.token }, (dpop) =>
    fetch(url, {
      method,
      redirect: 'error',
      headers: {
        authorization: `DPoP ${task.token}`,
        dpop,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
}
