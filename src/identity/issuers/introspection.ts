import { type PlainObject, readObject } from '../../platform/jose/index.ts'
import { addressKey } from '../../platform/lib/address-key.ts'
import { sha256url } from '../../platform/lib/bytes.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { hasShare, sharedBy } from '../../platform/lib/fair-share.ts'
import { LruCache } from '../../platform/lib/lru-cache.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Outbound } from '../../platform/net/index.ts'

/**
 * Time that an answer counts: as long as a replica may go on that is cut off from the store
 * (contract 8).
 */
export const INTROSPECTED_FOR_MS = 5_000
const MAX_ANSWERS = 20_000
/**
 * Maximum questions at once: of all, and of those about tokens that nothing is known of. Callers'
 * addresses share the latter, and the others are for tokens that held before.
 */
const MAX_AT_ONCE = { all: 64, new: 48 } as const
const MAX_BYTES = 64 * 1024
const TIMEOUT_MS = 3_000

/**
 * Endpoint at which a server says whether a token of its own holds (RFC 7662), and as whom it is
 * asked.
 */
export interface IntrospectionEndpoint {
  readonly url: string
  readonly clientId: string
  readonly secret: string
}

interface Answer {
  readonly at: number
  /** True once the server said that the token holds. */
  holds?: boolean
  readonly said: Promise<PlainObject | undefined>
}

/** Asks servers about tokens of theirs; one question for all who wait, and at most one in five seconds for each token. */
export class Introspections {
  readonly #clock: Clock
  readonly #answers = new LruCache<Answer>(MAX_ANSWERS)
  #underWay = 0
  /** Questions under way about tokens that nothing is known of, by the address of their caller. */
  readonly #ofNew = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /**
   * Asks the server what it says of the token by now; `undefined`: it does not hold. `from`: the
   * address that the token came from, where it is known.
   * @throws Problem `issuer.unreachable`, `outbound.…`: it did not answer, and an unknown token does
   * not hold
   */
  async ask(
    asked: () => IntrospectionEndpoint,
    to: { name: string; outbound: Pick<Outbound, 'fetch'> },
    shown: { readonly token: string; readonly from: string | undefined },
  ): Promise<PlainObject | undefined> {
    const { from, token } = shown
    const key = sha256url(`${to.name}\0${token}`)
    const now = this.#clock.monotonic()
    const known = this.#answers.get(key, 'asked')
    if (known && now - known.at < INTROSPECTED_FOR_MS) return known.said
    // Strangers may send as many tokens as they like; their server is not to feel all of them, and neither are its own tokens.
    const address = known?.holds ? undefined : addressKey(from ?? '')
    if (!this.#mayAsk(address))
      throw new Problem('issuer.unreachable', 'too many introspection requests are pending')
    // First: what cannot be asked is not under way.
    const question = asked()
    this.#count(address, 1)
    const said = introspect(question, to.outbound, token).finally(() => this.#count(address, -1))
    const answer: Answer = { at: now, said }
    this.#answers.put(key, 'asked', answer)
    said.then(
      (told) => {
        answer.holds = told !== undefined
      },
      // A failure is no answer.
      () => this.#answers.put(key, 'failed', answer),
    )
    return said
  }

  #mayAsk(address: string | undefined): boolean {
    if (this.#underWay >= MAX_AT_ONCE.all) return false
    return address === undefined || hasShare(sharedBy(this.#ofNew, address, MAX_AT_ONCE.new))
  }

  #count(address: string | undefined, by: 1 | -1): void {
    this.#underWay += by
    if (address === undefined) return
    const left = (this.#ofNew.get(address) ?? 0) + by
    if (left > 0) this.#ofNew.set(address, left)
    else this.#ofNew.delete(address)
  }
}

async function introspect(
  { clientId, secret, url }: IntrospectionEndpoint,
  outbound: Pick<Outbound, 'fetch'>,
  token: string,
): Promise<PlainObject | undefined> {
  const answer = await outbound.fetch(
    url,
    {
      method: 'POST',
      headers: {
        accept: 'application/json',
        authorization: `Basic ${basic(clientId, secret)}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ token, token_type_hint: 'access_token' }).toString(),
    },
    { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS },
  )
  const type = answer.headers.get('content-type') ?? ''
  if (answer.status !== 200 || !/^application\/json[ \t]*(?:;|$)/i.test(type))
    throw new Problem('issuer.unreachable', `introspection answered ${answer.status}`)
  const said = readObject(await answer.bytes(), 'introspection answer')
  return said.active === true ? said : undefined
}

/** RFC 6749 section 2.3.1: each half is form-encoded first. */
function basic(id: string, secret: string): string {
  const encoded = (text: string) => new URLSearchParams({ a: text }).toString().slice(2)
  return Buffer.from(`${encoded(id)}:${encoded(secret)}`).toString('base64')
}
