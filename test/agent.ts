import type { Clock } from '../src/platform/lib/clock.ts'
import { assertion, newKey, proof, type TestKey, type TokenDeviations } from './signing.ts'
import { type Answer, abandon, begin, send, type WireOptions } from './wire.ts'

export const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
export const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
export const ID_TOKEN = 'urn:ietf:params:oauth:token-type:id_token'
export const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** A task as its agent holds it. */
export interface OpenTask {
  readonly id: string
  readonly token: string
  readonly key: TestKey
}

/** Addresses and clock of a server, as its agents need them. */
export interface Place {
  readonly issuer: string
  readonly gateway: string
  readonly clock: Clock
  /** Ports to connect to, by origin, when there are several servers behind one. */
  readonly ports?: Readonly<Record<string, number>> | undefined
}

/** Deviations of a request from a right one. A parameter that is `undefined` is left out. */
export interface RequestDeviations {
  readonly form?: Readonly<Record<string, string | undefined>>
  readonly proof?: TokenDeviations
  readonly assertion?: TokenDeviations
  /** Proofs instead of one header `DPoP` with a good one. */
  readonly proofs?: readonly string[]
  readonly headers?: readonly (readonly [string, string])[]
}

export interface OpeningWish {
  readonly subjectToken: string
  readonly details?: unknown
  readonly scope?: string
  readonly purpose?: string
  readonly resource?: string
  readonly key?: TestKey
}

export interface CallOptions extends RequestDeviations {
  readonly token?: string
  readonly scheme?: string
  /** JSON text, unless `type` says otherwise. */
  readonly body?: string | Buffer
  readonly type?: string
}

/** An agent's own client, that can do everything wrong as well. */
export class TestAgent {
  readonly id: string
  readonly key: TestKey
  readonly #at: Place

  constructor(at: Place, id: string, key: TestKey) {
    this.#at = at
    this.id = id
    this.key = key
  }

  assertion(wrong: TokenDeviations = {}): Promise<string> {
    return assertion(this.#at.clock, this, this.#at.issuer, wrong)
  }

  proof(
    key: TestKey,
    request: { method: string; url: string; token?: string | undefined },
    wrong: TokenDeviations = {},
  ): Promise<string> {
    return proof(this.#at.clock, key, request, wrong)
  }

  /** A form to the token endpoint, with a proof by this key. */
  async tokenRequest(
    key: TestKey,
    form: Readonly<Record<string, string | undefined>>,
    odd: RequestDeviations = {},
  ): Promise<Answer> {
    const url = `${this.#at.issuer}/oauth/token`
    return whileLeaseIsOver(async () => {
      const proofs = odd.proofs ?? [await this.proof(key, { method: 'POST', url }, odd.proof)]
      return postForm(
        url,
        { ...form, ...odd.form },
        [...proofs.map((each) => ['DPoP', each] as const), ...(odd.headers ?? [])],
        this.#portOf(url),
      )
    })
  }

  /** Asks for a task (contract 5.1). */
  async ask(wish: OpeningWish, odd: RequestDeviations = {}): Promise<Answer> {
    const { details, purpose = 'refund order 1042', resource, scope, subjectToken } = wish
    const form = {
      grant_type: TOKEN_EXCHANGE,
      client_assertion_type: JWT_BEARER,
      client_assertion: await this.assertion(odd.assertion),
      subject_token: subjectToken,
      subject_token_type: ID_TOKEN,
      purpose,
      authorization_details: details === undefined ? undefined : JSON.stringify(details),
      scope,
      resource,
    }
    return this.tokenRequest(wish.key ?? (await newKey()), form, odd)
  }

  /** Opens a task; throws when that is refused. */
  async open(wish: OpeningWish): Promise<OpenTask> {
    const key = wish.key ?? (await newKey())
    const { body, status, text } = await this.ask({ ...wish, key })
    if (status !== 200) throw new Error(`no task was opened: ${status} ${text}`)
    return { id: String(body.task_id), token: String(body.access_token), key }
  }

  /** Asks for a resource token (contract 5.5). */
  askToken(task: OpenTask, resource: string, odd: RequestDeviations = {}): Promise<Answer> {
    const form = {
      grant_type: TOKEN_EXCHANGE,
      client_id: task.id,
      subject_token: task.token,
      subject_token_type: ACCESS_TOKEN,
      resource,
    }
    return this.tokenRequest(task.key, form, odd)
  }

  async token(task: OpenTask, resource: string): Promise<string> {
    const { body, status, text } = await this.askToken(task, resource)
    if (status !== 200) throw new Error(`no resource token was issued: ${status} ${text}`)
    return String(body.access_token)
  }

  /** A call through the gateway, `path` from its root. Takes a resource token for it when none is given. */
  async call(
    task: OpenTask,
    method: string,
    path: string,
    calling: CallOptions = {},
  ): Promise<Answer> {
    return whileLeaseIsOver(async () => {
      const { url, sending } = await this.#calling(task, method, path, calling)
      return send(url, sending)
    })
  }

  /** Calls, and answers as soon as the head of the answer is there. */
  async stream(task: OpenTask, method: string, path: string, calling: CallOptions = {}) {
    const { url, sending } = await this.#calling(task, method, path, calling)
    return begin(url, sending)
  }

  /** Calls, and ends the connection without waiting for an answer. */
  async abandon(task: OpenTask, method: string, path: string, calling: CallOptions = {}) {
    const { url, sending } = await this.#calling(task, method, path, calling)
    return abandon(url, sending)
  }

  async #calling(
    task: OpenTask,
    method: string,
    path: string,
    calling: CallOptions,
  ): Promise<{ url: string; sending: WireOptions }> {
    const { gateway } = this.#at
    const resource = `${gateway}/${path.split('/')[1]?.split('?')[0]}`
    const token = calling.token ?? (await this.token(task, resource))
    return this.#authorized(task.key, token, { method, url: gateway + path }, calling)
  }

  /** A request of the task about itself, `path` below `/v1/tasks/<id>`. */
  async about(
    task: OpenTask,
    method: string,
    path: string,
    calling: CallOptions = {},
  ): Promise<Answer> {
    const request = { method, url: `${this.#at.issuer}/v1/tasks/${task.id}${path}` }
    return whileLeaseIsOver(async () => {
      const token = calling.token ?? task.token
      const { sending, url } = await this.#authorized(task.key, token, request, calling)
      return send(url, sending)
    })
  }

  async #authorized(
    key: TestKey,
    token: string,
    { method, url }: { method: string; url: string },
    calling: CallOptions,
  ): Promise<{ url: string; sending: WireOptions }> {
    const { body, headers = [], scheme = 'DPoP', type = 'application/json' } = calling
    const [bare = ''] = url.split('?')
    const proofs = calling.proofs ?? [
      await this.proof(key, { method, url: bare, token }, calling.proof),
    ]
    return {
      url,
      sending: {
        port: this.#portOf(url),
        method,
        headers: [
          ['Authorization', `${scheme} ${token}`],
          ...proofs.map((each) => ['DPoP', each] as const),
          ...(body === undefined ? [] : [['Content-Type', type] as const]),
          ...headers,
        ],
        ...(body === undefined ? {} : { body }),
      },
    }
  }

  /** RFC 7009. */
  revoke(token: string): Promise<Answer> {
    const url = `${this.#at.issuer}/oauth/revoke`
    return postForm(url, { token }, [], this.#portOf(url))
  }

  #portOf(url: string): number | undefined {
    return this.#at.ports?.[new URL(url).origin]
  }
}

/**
 * A server on a busy machine may be late with its lease. Then it has done nothing and says so, and whoever asks again, with a fresh
 * proof, is served (`docs/problems/live.lease_over.md`).
 */
export async function whileLeaseIsOver<T extends Pick<Answer, 'body'>>(
  ask: () => Promise<T>,
): Promise<T> {
  for (let left = MAX_ASKED; ; left--) {
    const answer = await ask()
    if (left === 0 || answer.body.code !== 'live.lease_over') return answer
  }
}

const MAX_ASKED = 5

export function postForm(
  url: string,
  form: Readonly<Record<string, string | undefined>>,
  headers: readonly (readonly [string, string])[],
  port?: number,
): Promise<Answer> {
  const given = Object.entries(form).filter(
    (each): each is [string, string] => each[1] !== undefined,
  )
  return send(url, {
    port,
    method: 'POST',
    headers: [['Content-Type', 'application/x-www-form-urlencoded'], ...headers],
    body: new URLSearchParams(given).toString(),
  })
}
