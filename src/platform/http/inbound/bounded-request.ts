import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { Problem } from '../../lib/problem.ts'
import type { AddressQuota } from '../../lib/under-way/address-quota.ts'
import type { ClientAddresses } from './client-addresses.ts'
import { nodeHttp } from './node-http.ts'

/** Limits that the requests of one origin share. */
export interface InboundLimits {
  readonly addresses: ClientAddresses
  /** Quota of body bytes that have arrived and have not been read to their end yet. */
  readonly bodies: AddressQuota
}

/**
 * Number of pieces of a body that are free, whatever their size. With more pieces, the average
 * piece has to have at least `MIN_PIECE_BYTES`: a sender who writes single bytes makes each of them
 * cost as much as a kilobyte.
 */
export const FREE_PIECES = 1_024
export const MIN_PIECE_BYTES = 64
/** Bytes that a piece costs beside its content while it is not read: a buffer of its own. */
const PIECE_OVERHEAD = 256

/**
 * A request whose body costs bounded memory and time however it is sent. INVARIANT: every body comes through here, whichever code reads it,
 * and whether or not any does.
 */
export class BoundedRequest extends nodeHttp.IncomingMessage {
  readonly #limits: InboundLimits
  #key: { readonly of: string | undefined } | undefined
  #held = 0
  #pieces = 0
  #bytes = 0
  #refusal: Problem | undefined
  #discard: { left: number; done(): void } | undefined
  #invite: (() => void) | undefined

  constructor(socket: Socket, limits: InboundLimits) {
    super(socket)
    this.#limits = limits
  }

  get clientAddress(): string {
    return this.#limits.addresses.of(this)
  }

  /** Reason why nothing more of the body is taken. Emitted as the event `refused`, too. */
  get refusal(): Problem | undefined {
    return this.#refusal
  }

  /** True when a body was announced and has not arrived whole. */
  get isUnfinished(): boolean {
    if (this.complete || this.destroyed) return false
    const { 'content-length': length, 'transfer-encoding': coding } = this.headers
    return coding !== undefined || (length !== undefined && length !== '0')
  }

  /** True when the client waits to be asked for the body (RFC 9110 section 10.1.1). */
  get isUninvited(): boolean {
    return this.#invite !== undefined
  }

  /** Keeps `invite`, which asks the client for the body, until a reader wants it. */
  awaitReader(invite: () => void): void {
    this.#invite = invite
  }

  /** Marks the beginning of reading, and asks the client for the body if it waits for that. */
  beginReading(): void {
    const invite = this.#invite
    this.#invite = undefined
    invite?.()
  }

  /** Gives back the quota of what has been taken out of memory, for code that reads a body piece by piece. */
  giveBack(): void {
    this.#release()
  }

  /**
   * Drops the rest of the body as it comes. `done`: called when it has come, or more than `most`
   * bytes have.
   */
  discard(most: number, done: () => void): void {
    this.#discard = { left: most, done }
    this.removeAllListeners('data')
    this.once('end', done)
    this.once('close', done)
    this.resume()
  }

  override push(chunk: Buffer | null, encoding?: BufferEncoding): boolean {
    if (chunk === null) return super.push(null)
    if (this.#refusal) return false
    this.#pieces += 1
    this.#bytes += chunk.length
    this.#refusal = this.#judge(chunk.length)
    if (this.#refusal) {
      this.#discard?.done()
      this.emit('refused', this.#refusal)
      return false
    }
    if (!this.#discard) return super.push(chunk, encoding)
    this.#discard.left -= chunk.length
    if (this.#discard.left < 0) this.#discard.done()
    return true
  }

  override _read(size: number): void {
    // The socket is not asked for more of a refused body.
    if (!this.#refusal) super._read(size)
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#release()
    super._destroy(error, done)
  }

  /**
   * Gives back the quota. A request that was answered before its body came is not destroyed with
   * its connection, so both are listened to.
   */
  readonly #release = () => {
    if (this.#held === 0) return
    this.#limits.bodies.give(this.#key?.of, this.#held)
    this.#held = 0
    this.socket.off('close', this.#release)
  }

  #judge(length: number): Problem | undefined {
    if (this.#pieces > FREE_PIECES + this.#bytes / MIN_PIECE_BYTES)
      return new Problem('request.too_fragmented', 'the pieces of the body are too small')
    if (this.#discard) return undefined
    this.#key ??= { of: this.#limits.addresses.keyOf(this) }
    const amount = length + (this.readableFlowing ? 0 : PIECE_OVERHEAD)
    const exhausted = this.#limits.bodies.take(this.#key.of, amount)
    if (exhausted !== undefined) return NO_ROOM[exhausted]()
    if (this.#held === 0) this.socket.once('close', this.#release)
    this.#held += amount
    return undefined
  }
}

const NO_ROOM = {
  address: () =>
    new Problem('request.too_many', 'too many incomplete bodies from one address', {
      members: { retry_after: 1 },
    }),
  total: () => new Problem('server.busy', 'too many incomplete bodies'),
} as const

/**
 * Checks whether a body was announced and has not been read from its connection. The parser tells of
 * a head before it reads on, and lets promises and ticks run in between: a body in the same packet
 * is here in the next turn.
 */
export function isUnfinished(message: IncomingMessage): boolean {
  return message instanceof BoundedRequest && message.isUnfinished
}

/**
 * Finds the address of the client of a request, where the server knows it better than the
 * connection does.
 */
export function clientAddressOf(message: IncomingMessage): string {
  return message instanceof BoundedRequest
    ? message.clientAddress
    : (message.socket.remoteAddress ?? '')
}
