import type { JWK } from 'jose'
import { assertionBy, newTaskKey, proofFor, type TaskKey } from './proof.ts'
import { ACCESS_TOKEN, CLIENT_ASSERTION, ID_TOKEN, TOKEN_EXCHANGE } from './uris.ts'

/** What a token endpoint said instead of a token (RFC 6749 section 5.2), with what we added to it. */
export class OAuthRefusal extends Error {
  readonly error: string
  readonly members: Readonly<Record<string, unknown>>
  constructor(error: string, description: string, members: Readonly<Record<string, unknown>>) {
    super(description || error)
    this.error = error
    this.members = members
  }
}

export interface OpenTask {
  readonly id: string
  readonly issuer: string
  readonly token: string
  readonly key: TaskKey
  readonly expiresAt: number
}

async function tokenRequest(
  issuer: string,
  key: TaskKey,
  parameters: Record<string, string>,
): Promise<Record<string, unknown>> {
  const url = `${issuer}/oauth/token`
  const answer = await fetch(url, {
    method: 'POST',
    headers: { dpop: await proofFor(key, { method: 'POST', url }) },
    body: new URLSearchParams(parameters),
  })
  const body: unknown = await answer.json().catch(() => ({}))
  const members = typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {} // any JSON object
  if (!answer.ok) {
    throw new OAuthRefusal(
      String(members.error ?? answer.status),
      String(members.error_description ?? ''),
      members,
    )
  }
  return members
}

/**
 * Opens a task for a person: token exchange of the subject token, the agent authenticated by its key, a fresh key for the
 * task. Throws `OAuthRefusal`; `interaction_required` carries `interaction_uri`.
 */
export async function openTask(input: {
  issuer: string
  agent: { id: string; privateJwk: JWK }
  subject: { token: string; type?: string }
  purpose: string
  details?: unknown
  scope?: string
  key?: TaskKey
}): Promise<OpenTask> {
  const key = input.key ?? (await newTaskKey())
  const answer = await tokenRequest(input.issuer, key, {
    grant_type: TOKEN_EXCHANGE,
    client_id: input.agent.id,
    client_assertion_type: CLIENT_ASSERTION,
    client_assertion: await assertionBy(input.agent, input.issuer),
    subject_token: input.subject.token,
    subject_token_type: input.subject.type ?? ID_TOKEN,
    purpose: input.purpose,
    ...(input.details === undefined
      ? {}
      : { authorization_details: JSON.stringify(input.details) }),
    ...(input.scope === undefined ? {} : { scope: input.scope }),
  })
  return {
    id: String(answer.task_id),
    issuer: input.issuer,
    token: String(answer.access_token),
    key,
    expiresAt: Date.now() + Number(answer.expires_in) * 1000,
  }
}

/** One short token for one resource (RFC 8693 with RFC 8707 `resource`), bound to the task's key. */
export async function resourceToken(
  task: OpenTask,
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
    token: String(answer.access_token),
    expiresAt: Date.now() + Number(answer.expires_in) * 1000,
  }
}

/** A call with a resource token and a proof of its own. */
export async function callResource(
  task: OpenTask,
  token: string,
  request: { method: string; url: string; body?: string; signal?: AbortSignal },
): Promise<Response> {
  const { origin, pathname } = new URL(request.url)
  return fetch(request.url, {
    method: request.method,
    headers: {
      authorization: `DPoP ${token}`,
      dpop: await proofFor(task.key, {
        method: request.method,
        url: origin + pathname,
        accessToken: token,
      }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(request.body === undefined ? {} : { body: request.body }),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
    redirect: 'manual',
  })
}

/** A request of the task about itself (`/v1/tasks/…`), with the task token. */
export async function taskRequest(
  task: OpenTask,
  request: { method: string; path: string; body?: unknown },
): Promise<Response> {
  const url = `${task.issuer}/v1/tasks/${task.id}${request.path}`
  return fetch(url, {
    method: request.method,
    headers: {
      authorization: `DPoP ${task.token}`,
      dpop: await proofFor(task.key, { method: request.method, url, accessToken: task.token }),
      ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
  })
}
