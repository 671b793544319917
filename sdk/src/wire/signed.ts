import { UsageError } from '../errors.ts'
import { challengesOf } from './challenge.ts'
import type { Ports } from './ports.ts'
import { objectOf } from './problem.ts'
import { proofFor, type TaskKey } from './proof.ts'
import { reach } from './server.ts'

/** A request that can be made as often as needed. */
export interface RepeatableRequest {
  readonly method: string
  readonly url: string
  readonly headers: Headers
  readonly body?: NonNullable<RequestInit['body']> | undefined
  /** Rest of a `RequestInit`. */
  readonly rest?: RequestInit | undefined
  /** False: the body is a stream, which is gone once it was sent. */
  readonly repeatable: boolean
  readonly token?: string | undefined
  /** Effect that a call may have had when the network fails: has anything been executed? */
  readonly effect: 'none' | 'unknown'
}

/**
 * Requests signed by one task's key. Every server is told the nonce that it gave last (RFC 9449 section 8 and 9), each origin
 * its own; a request that was refused for its nonce is sent once more.
 */
export class SignedRequests {
  readonly #ports: Ports
  readonly #key: TaskKey
  readonly #nonces = new Map<string, string>()

  constructor(ports: Ports, key: TaskKey) {
    this.#ports = ports
    this.#key = key
  }

  async send(sending: RepeatableRequest): Promise<Response> {
    const first = await this.#once(sending)
    if (!(await wantsNonce(first))) return first
    if (!sending.repeatable) throw gone(sending.url)
    await first.body?.cancel()
    return this.#once(sending)
  }

  async #once({
    body,
    effect,
    headers,
    method,
    rest,
    token,
    url,
  }: RepeatableRequest): Promise<Response> {
    const { origin } = new URL(url)
    const signed = new Headers(headers)
    const nonce = this.#nonces.get(origin)
    const now = this.#ports.now()
    signed.set('dpop', await proofFor(this.#key, { method, url, now, token, nonce }))
    if (token !== undefined) signed.set('authorization', `DPoP ${token}`)
    // A redirect would carry the credential to where it was not meant for: it is the caller's to follow.
    const init: RequestInit = { ...rest, method, headers: signed, redirect: 'manual' }
    if (body !== undefined) init.body = body
    if (body instanceof ReadableStream) Object.assign(init, { duplex: 'half' })
    const response = await reach(url, () => this.#ports.fetch(url, init), effect)
    const given = response.headers.get('dpop-nonce')
    if (given !== null) this.#nonces.set(origin, given)
    return response
  }
}

/** Makes the error that is thrown where a call has to be made again whose body was a stream. */
export function gone(url: string): UsageError {
  return new UsageError(
    `the call to \`${url}\` has to be made again, and its body is a stream that was read: give it as text or bytes`,
  )
}

/** At a resource it is said in the challenge, at the token endpoint in the body. */
async function wantsNonce(response: Response): Promise<boolean> {
  if (!response.headers.has('dpop-nonce')) return false
  if (response.status === 401) {
    const challenges = challengesOf(response.headers.get('www-authenticate'))
    return challenges.some(
      ({ parameters, scheme }) => scheme === 'dpop' && parameters.get('error') === 'use_dpop_nonce',
    )
  }
  if (response.status !== 400) return false
  return (await objectOf(response.clone())).error === 'use_dpop_nonce'
}
