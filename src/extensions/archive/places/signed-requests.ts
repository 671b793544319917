import { createHash } from 'node:crypto'
import { sha256hex } from '../../../platform/lib/bytes.ts'
import type { Clock } from '../../../platform/lib/clock.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Wait } from '../../../platform/lib/repeat.ts'
import type { Secret } from '../../../platform/lib/secret.ts'
import type { Outbound } from '../../../platform/net/index.ts'
import {
  codeIn,
  mayPass,
  type StoreRefusal,
  unreachablePlace,
  unreachableReason,
} from './unreachable.ts'

/** Key of a store. */
export interface StoreKey {
  readonly id: string
  readonly secret: Secret
  /** Absent: it is no temporary key. */
  readonly session?: Secret | undefined
}

export interface RequestParts {
  /** Name of the place, for people. */
  readonly where: string
  readonly key: StoreKey
  readonly region: string
  readonly outbound: Pick<Outbound, 'fetch'>
  readonly clock: Clock
  readonly wait: Wait
  /** Limit of one try, in milliseconds. Default: 30,000. */
  readonly patienceMs?: number
}

/** Answer of a store, read whole. */
export interface StoreAnswer extends StoreRefusal {
  readonly body: Uint8Array
}

/** Pauses before the second try, the third and the fourth, in milliseconds; there is no fifth. */
const PAUSES = [200, 1_000, 3_000]
const TIMEOUT_MS = 30_000
/** Most bytes of an answer: 256 records of 65,535 bytes that cannot be packed, and a little. */
const MAX_BYTES = 17 * 1_048_576
/** SHA-256 of nothing. */
const OF_NOTHING = sha256hex('')

/** Requests to a store, signed with Signature Version 4, and repeated where that can help. */
export class SignedRequests {
  readonly #parts: RequestParts
  readonly #ending = new AbortController()

  constructor(parts: RequestParts) {
    this.#parts = parts
  }

  /**
   * Sends one request. Answers that are no success are answers, too; none is left after several tries.
   * @throws Problem `archive.unreachable`
   */
  async send(
    method: 'GET' | 'PUT',
    url: string,
    { body, headers = {} }: { body?: Uint8Array; headers?: Readonly<Record<string, string>> } = {},
  ): Promise<StoreAnswer> {
    const { wait, where } = this.#parts
    for (let tries = 0; ; tries++) {
      const pause = this.#ending.signal.aborted ? undefined : PAUSES[tries]
      const answer = await this.#try(method, url, body, headers)
      if (!(answer instanceof Problem) && !mayPass(answer)) return answer
      if (pause === undefined)
        throw answer instanceof Problem
          ? answer
          : unreachablePlace(where, unreachableReason(answer), { says: refusalText(answer) })
      await wait(pause, this.#ending.signal)
    }
  }

  /** Ends what waits for another try. */
  end(): void {
    this.#ending.abort()
  }

  async #try(
    method: string,
    url: string,
    body: Uint8Array | undefined,
    more: Readonly<Record<string, string>>,
  ): Promise<StoreAnswer | Problem> {
    const { outbound, patienceMs = TIMEOUT_MS, where } = this.#parts
    // Signed each time: a signature holds for some minutes only.
    const headers = await this.#signed(method, url, body, more)
    try {
      const init = { method, headers, ...(body === undefined ? {} : { body: Buffer.from(body) }) }
      const answer = await outbound.fetch(url, init, {
        ...{ maxBytes: MAX_BYTES, timeoutMs: patienceMs },
      })
      const bytes = await answer.bytes()
      const code = answer.ok ? '' : codeIn(Buffer.from(bytes.subarray(0, 65_536)).toString('utf8'))
      return { status: answer.status, code, body: bytes }
    } catch (cause) {
      if (!(cause instanceof Problem)) throw cause
      if (cause.code === 'outbound.timed_out')
        return unreachablePlace(where, 'timed_out', { cause })
      if (cause.code === 'outbound.unreachable')
        return unreachablePlace(where, 'no_answer', { cause })
      // Not repeated: an answer that is too large, or an address that may not be reached, stays so.
      throw unreachablePlace(where, 'unexpected', { cause, says: cause.detail })
    }
  }

  async #signed(
    method: string,
    url: string,
    body: Uint8Array | undefined,
    more: Readonly<Record<string, string>>,
  ): Promise<Record<string, string>> {
    const { clock, key, region } = this.#parts
    const now = new Date(clock.now()).toISOString()
    // Loaded by servers with an archive in a store only.
    const { AwsV4Signer } = await import('aws4fetch')
    const signer = new AwsV4Signer({
      ...{ method, url, region, service: 's3', accessKeyId: key.id },
      secretAccessKey: key.secret.reveal(),
      ...(key.session === undefined ? {} : { sessionToken: key.session.reveal() }),
      datetime: now.replace(/[:-]|\.\d{3}/g, ''),
      headers: {
        ...more,
        'x-amz-content-sha256': body === undefined ? OF_NOTHING : sha256hex(body),
        // Buckets with a lock on their objects ask for it.
        ...(body === undefined
          ? {}
          : { 'content-md5': createHash('md5').update(body).digest('base64') }),
      },
    })
    return Object.fromEntries((await signer.sign()).headers)
  }
}

export function refusalText({ code, status }: StoreRefusal): string {
  return code === '' ? `status ${status}` : `${status} ${code}`
}
