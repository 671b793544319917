import { ACCESS_TOKEN, requestToken, TOKEN_EXCHANGE } from '../wire/token-endpoint.ts'
import type { TaskConnection } from './held.ts'

interface KeptToken {
  readonly token: string
  /** Epoch milliseconds from when on it is not used any more. */
  readonly until: number
}

/** A call that begins now still has time to arrive. */
const MARGIN_MS = 20_000

/** One short token per resource, exchanged for the task token when it is needed (RFC 8693), kept until close to its end. */
export class ResourceTokens {
  readonly #held: TaskConnection
  readonly #kept = new Map<string, Promise<KeptToken>>()

  constructor(held: TaskConnection) {
    this.#held = held
  }

  /** Calls that want one at the same time share one exchange. */
  async for(resource: string): Promise<string> {
    const before = this.#kept.get(resource)
    const known = await before?.catch(() => undefined)
    if (known && known.until > this.#held.ports.now()) return known.token
    const current = this.#kept.get(resource)
    const exchange = current !== before && current ? current : this.#exchange(resource)
    this.#kept.set(resource, exchange)
    try {
      return (await exchange).token
    } catch (error) {
      if (this.#kept.get(resource) === exchange) this.#kept.delete(resource)
      throw error
    }
  }

  /** It was refused: the next call gets another one. */
  async drop(resource: string, token: string): Promise<void> {
    const exchange = this.#kept.get(resource)
    const kept = await exchange?.catch(() => undefined)
    if (kept?.token === token && this.#kept.get(resource) === exchange) this.#kept.delete(resource)
  }

  async #exchange(resource: string): Promise<KeptToken> {
    const { id, ports, server, signed, token } = this.#held
    const answer = await requestToken(server, signed, {
      grant_type: TOKEN_EXCHANGE,
      client_id: id,
      subject_token: token,
      subject_token_type: ACCESS_TOKEN,
      resource,
    })
    const life = answer.expiresIn * 1000
    return { token: answer.token, until: ports.now() + Math.max(life / 2, life - MARGIN_MS) }
  }
}
