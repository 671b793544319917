import type { KeyObject } from 'node:crypto'
import { importPublicJwk, type PublicJwk, verifySignature } from '../../jose/index.ts'
import { sha256 } from '../../lib/bytes.ts'
import { Problem } from '../../lib/problem.ts'
import type { Random } from '../../lib/random.ts'
import type { Wait } from '../../lib/repeat.ts'
import type { ExternalSigner } from './signer.ts'

/** Time limit of a signature: agents wait for a token. */
const SIGN_WITHIN_MS = 2_000
/** Time limit for making and deleting keys, which is rare, and slow on small devices. */
const CHANGE_WITHIN_MS = 20_000
/** Maximum of signatures that wait: the time of more would be over before their turn. */
const MAX_WAITING = 256

/** A key that an external signer holds. */
export interface HeldKey {
  readonly kid: string
  readonly reference: string
  readonly publicKey: KeyObject
}

export interface GuardedSignerOptions {
  readonly signer: ExternalSigner
  readonly random: Random
  readonly wait: Wait
}

/**
 * An external signer as the rest of Remit may use it: with deadlines, a bound on the signatures
 * that wait, and no answer believed unchecked.
 * INVARIANT: a signature is given out only when it verifies under the key that is published.
 * Nothing here ever signs instead.
 */
export class GuardedSigner {
  readonly #options: GuardedSignerOptions
  #waiting = 0
  #failure: unknown

  constructor(options: GuardedSignerOptions) {
    this.#options = options
  }

  /** Error of the last signature; `undefined` when it did not fail. */
  get failure(): unknown {
    return this.#failure
  }

  /** @throws Problem `keys.signer_unavailable`, `keys.signer_wrong` */
  async sign(key: HeldKey, data: Uint8Array): Promise<Uint8Array> {
    if (this.#waiting >= MAX_WAITING) throw unavailable('too many signatures wait for it')
    this.#waiting++
    try {
      const signature = await this.#signed(key, data)
      this.#failure = undefined
      return signature
    } catch (error) {
      this.#failure = error
      throw error
    } finally {
      this.#waiting--
    }
  }

  /**
   * Makes a key there, and tries it before anybody hears of it.
   * @throws Problem `keys.signer_unavailable`, `keys.signer_wrong`
   */
  async make(kid: string): Promise<{ reference: string; jwk: PublicJwk }> {
    const { random, signer } = this.#options
    const made = await this.#within(CHANGE_WITHIN_MS, (signal) =>
      signer.make(`remit ${kid}`, signal),
    )
    const { reference } = made
    try {
      const { jwk, key } = importPublicJwk(made.publicJwk)
      await this.sign({ kid, reference, publicKey: key }, random.bytes(32))
      return { reference, jwk }
    } catch (error) {
      await this.destroy(reference).catch(() => {})
      if (error instanceof Problem && error.code !== 'keys.unacceptable_jwk') throw error
      throw new Problem('keys.signer_wrong', 'it made a key that is not for ES256', {
        cause: error,
      })
    }
  }

  /** @throws Problem `keys.signer_unavailable` */
  async destroy(reference: string): Promise<void> {
    const { signer } = this.#options
    await this.#within(CHANGE_WITHIN_MS, (signal) => signer.destroy(reference, signal))
  }

  /** Signs bytes that are no token, to check that it can sign. @throws Problem as `sign` */
  async probe(key: HeldKey): Promise<void> {
    await this.sign(key, Buffer.from(`remit readiness ${this.#options.random.bytes(16).join()}`))
  }

  close(): Promise<void> {
    return this.#options.signer.close()
  }

  async #signed({ kid, publicKey, reference }: HeldKey, data: Uint8Array): Promise<Uint8Array> {
    const signature = await this.#within(SIGN_WITHIN_MS, (signal) =>
      this.#options.signer.sign(reference, sha256(data), signal),
    )
    if (await verifySignature('ES256', publicKey, data, signature)) return signature
    throw new Problem('keys.signer_wrong', `its signature does not verify with ${kid}`)
  }

  async #within<T>(ms: number, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const [ended, late] = [new AbortController(), new AbortController()]
    const timeout = this.#options.wait(ms, ended.signal).then(() => {
      // The wait ends, too, when the work is done.
      if (ended.signal.aborted) return undefined
      late.abort()
      throw unavailable(`no answer within ${ms} ms`)
    })
    timeout.catch(() => {})
    try {
      const done = await Promise.race([work(late.signal).then((value) => ({ value })), timeout])
      if (done === undefined) throw new Error('the wait ended before its time')
      return done.value
    } catch (error) {
      throw error instanceof Problem ? error : unavailable('it failed; the log says why', error)
    } finally {
      ended.abort()
    }
  }
}

function unavailable(detail: string, cause?: unknown): Problem {
  return new Problem('keys.signer_unavailable', detail, { cause })
}
