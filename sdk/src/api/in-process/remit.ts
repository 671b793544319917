import type { Ports } from '../../wire/ports.ts'
import { objectOf, textOr } from '../../wire/problem.ts'

/** An answer of Remit that is no success. */
export class RemitAnswer extends Error {
  readonly status: number
  readonly code: string | undefined
  constructor(status: number, code: string | undefined, detail: string | undefined) {
    super(`Remit answered ${status} ${code ?? ''}: ${detail ?? 'no reason'}`)
    this.name = 'RemitAnswer'
    this.status = status
    this.code = code
  }
}

/** Requests of an API to Remit about what it decides by itself. */
export class RemitClient {
  readonly #issuer: string
  readonly #secret: string
  readonly #fetch: Ports['fetch']

  constructor(issuer: string, secret: string, fetch: Ports['fetch']) {
    this.#issuer = issuer
    this.#secret = secret
    this.#fetch = fetch
  }

  /** The JSON object that Remit answers. A body makes it a POST. Rejects for everything else. */
  async ask(
    path: string,
    { body, timeoutMs, signal }: { body?: string; timeoutMs: number; signal?: AbortSignal },
  ): Promise<Readonly<Record<string, unknown>>> {
    const timeout = AbortSignal.timeout(timeoutMs)
    const response = await this.#fetch(`${this.#issuer}/v1/in-process/${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: {
        authorization: `Bearer ${this.#secret}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      signal: signal ? AbortSignal.any([timeout, signal]) : timeout,
    })
    const answer = await objectOf(response)
    if (response.status === 200) return answer
    throw new RemitAnswer(response.status, textOr(answer.code), textOr(answer.detail))
  }
}
