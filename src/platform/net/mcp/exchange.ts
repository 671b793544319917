import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { configuredUrl } from '../../lib/client-url.ts'
import { EventStreamReader } from '../../lib/event-stream.ts'
import { EventQueue } from '../event-queue.ts'
import type { ExchangeFailure, ExchangeLimits, ExchangeResult, Hooks, Post } from './exchanged.ts'
import { type RpcMessage, type RpcResult, readMessage, sameId } from './message.ts'

/** `type/subtype` in lower case, parameters aside. */
const MEDIA_TYPE = /^[ \t]*([a-z0-9!#$&^_.+-]+\/[a-z0-9!#$&^_.+-]+)[ \t]*(?:;|$)/i

const ACCEPTED = { POST: 'application/json, text/event-stream', GET: 'text/event-stream' }
/** Maximum of tries to send a request, where changes come between again and again. */
const MAX_TRIES = 6
/** Time that a stream gets to end after its answer. */
const GRACE_MS = 500

/**
 * Sends one message and reads its answer: JSON, or events until the answer is among them. Never
 * throws: the outcome is the value. Everything that comes back is bounded, and believed only if it
 * answers the message that was sent.
 * INVARIANT: nothing is written unless `hooks.mayStart()` said yes in the same tick.
 */
export function exchange(
  dispatcher: Dispatcher,
  post: Post,
  limits: ExchangeLimits,
  hooks: Hooks = {},
): Promise<ExchangeResult> {
  return new Promise((resolve) => {
    new Exchange(dispatcher, post, limits, hooks, resolve).start()
  })
}

/**
 * Error for an exchange that we ended: thrown into the dispatcher, and told apart from failures of
 * the other side.
 */
class LeftExchange extends Error {}

class Exchange implements Dispatcher.DispatchHandler {
  readonly #dispatcher: Dispatcher
  readonly #post: Post
  readonly #limits: ExchangeLimits
  readonly #hooks: Hooks
  readonly #resolve: (ended: ExchangeResult) => void
  #controller: Dispatcher.DispatchController | undefined
  #status: number | undefined
  #session: string | undefined
  #stream: EventStreamReader | undefined
  /** Last result of a stream that has many. */
  #part: RpcResult | undefined
  #whole: Uint8Array[] = []
  #bytes = 0
  #events = 0
  #settled = false
  #timer: NodeJS.Timeout | undefined
  /** True where the request was not let go in the tick of its first byte. */
  #isStopped = false
  #tries = 0
  readonly #passage: EventQueue

  constructor(
    dispatcher: Dispatcher,
    post: Post,
    limits: ExchangeLimits,
    hooks: Hooks,
    resolve: (ended: ExchangeResult) => void,
  ) {
    this.#dispatcher = dispatcher
    this.#post = post
    this.#limits = limits
    this.#hooks = hooks
    this.#resolve = resolve
    const { again, lives = () => true } = hooks
    this.#passage = new EventQueue({ again, mayContinue: lives }, (why) =>
      this.#fail(why === 'unsure' ? 'unsure' : 'left'),
    )
  }

  start(): void {
    this.#hooks.signal?.addEventListener('abort', this.#onAbort, { once: true })
    if (this.#hooks.signal?.aborted) {
      this.#fail('left')
      return
    }
    this.#timer = setTimeout(() => this.#fail('timed_out'), this.#limits.timeMs)
    this.#dispatch()
  }

  #dispatch(): void {
    const { body, headers, method, url } = this.#post
    const target = configuredUrl(url)
    const options: Dispatcher.DispatchOptions = {
      origin: target.origin,
      path: target.pathname + target.search,
      method,
      headers: {
        ...headers,
        'accept-encoding': 'identity',
        'user-agent': 'remit',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'DELETE' ? {} : { accept: ACCEPTED[method] }),
      },
      body: body ?? null,
      headersTimeout: 0,
      bodyTimeout: 0,
    }
    this.#dispatcher.dispatch(options, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) throw new LeftExchange('ended before it was sent')
    if (this.#hooks.mayStart && !this.#hooks.mayStart()) {
      this.#isStopped = true
      throw new LeftExchange('not permitted any more')
    }
    this.#controller = controller
  }

  /** Finds out whether the request may be sent after all, and sends it then. */
  async #dispatchLater(): Promise<void> {
    const { startsAgain } = this.#hooks
    const may =
      !startsAgain || ++this.#tries > MAX_TRIES
        ? false
        : await startsAgain().catch((unsure: unknown) => ({ unsure }))
    if (this.#settled) return
    if (may === true) this.#dispatch()
    else if (may === false) this.#fail('not_permitted')
    else this.#fail('unsure', may.unsure)
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200 || this.#settled) return
    this.#status = status
    this.#session = oneOf(headers['mcp-session-id'])
    const encoding = oneOf(headers['content-encoding']) ?? 'identity'
    const type = MEDIA_TYPE.exec(oneOf(headers['content-type']) ?? '')?.[1]?.toLowerCase()
    const wanted = this.#post.id === undefined ? status < 300 : status === 200 || this.#isError()
    if (!wanted || encoding !== 'identity') this.#fail('unexpected')
    else if (this.#post.id === undefined && this.#post.method !== 'GET') return
    else if (type === 'text/event-stream' && status === 200) {
      this.#stream = new EventStreamReader({ strict: true })
      this.#hooks.onStream?.()
    } else if (type !== 'application/json' || this.#post.id === undefined) this.#fail('unexpected')
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) controller.abort(new LeftExchange('no more is wanted'))
    else this.#passage.pass(controller, () => this.#onPart(chunk))
  }

  #onPart(chunk: Buffer): void {
    if (this.#settled) return
    this.#bytes += chunk.length
    if (this.#bytes > this.#limits.bytes) {
      this.#fail('too_large')
    } else if (!this.#stream) {
      this.#whole.push(chunk)
    } else {
      this.#guarded(() => {
        // An event without text primes a stream for resumption; it has no message.
        for (const { data } of this.#stream?.push(chunk) ?? [])
          if (data !== '' && !this.#settled) this.#event(data)
      })
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    clearTimeout(this.#timer)
    if (!this.#settled) this.#passage.pass(controller, () => this.#onEnd())
  }

  #onEnd(): void {
    if (this.#settled) return
    if (this.#part) this.#settle({ state: 'answered', answer: this.#part })
    else if (this.#stream && this.#post.id !== undefined) this.#fail('cut')
    else if (this.#post.id === undefined) this.#settle({ state: 'answered', answer: undefined })
    else this.#guarded(() => this.#message(this.#read(Buffer.concat(this.#whole))))
    if (!this.#settled) this.#fail('unexpected')
  }

  onResponseError(_controller: Dispatcher.DispatchController, cause: Error): void {
    if (this.#isStopped && !this.#settled) {
      this.#isStopped = false
      void this.#dispatchLater()
      return
    }
    clearTimeout(this.#timer)
    if (!this.#settled) this.#fail(this.#controller ? 'cut' : 'unreachable', cause)
  }

  /** Checks for a status with which this server may tell an error of JSON-RPC. */
  #isError(): boolean {
    return this.#post.errorStatuses === true && (this.#status === 400 || this.#status === 404)
  }

  #event(data: string): void {
    this.#events++
    if (this.#events > this.#limits.events) this.#fail('too_large')
    else this.#message(this.#read(data))
  }

  #read(data: string | Uint8Array): RpcMessage {
    return readMessage(data, { bytes: this.#limits.bytes })
  }

  /**
   * Takes the first answer to our message as the answer. An answer to any other message is
   * unexpected.
   */
  #message(message: RpcMessage): void {
    if (message.kind === 'request' || message.kind === 'notification') {
      if (this.#stream) this.#hooks.onMessage?.(message)
      else this.#fail('unexpected')
    } else if (this.#isError() && message.kind !== 'error') {
      this.#fail('unexpected')
    } else if (sameId(message.id, this.#post.id) || (this.#isError() && message.id === undefined)) {
      if (!this.#stream || !this.#hooks.onPart || message.kind !== 'result') {
        this.#settle({ state: 'answered', answer: message })
        return
      }
      this.#part = message
      this.#hooks.onPart(message)
    } else this.#fail('unexpected')
  }

  #guarded(act: () => void): void {
    try {
      act()
    } catch (cause) {
      this.#fail('unexpected', cause)
    }
  }

  readonly #onAbort = () => this.#fail('left')

  #fail(failure: ExchangeFailure, cause?: unknown): void {
    const sent = this.#controller !== undefined
    this.#settle({ state: sent ? 'failed' : 'not_sent', failure, cause })
  }

  #settle(
    ended:
      | { state: 'answered'; answer: Extract<ExchangeResult, { state: 'answered' }>['answer'] }
      | { state: 'failed' | 'not_sent'; failure: ExchangeFailure; cause: unknown },
  ): void {
    if (this.#settled) return
    this.#settled = true
    clearTimeout(this.#timer)
    this.#hooks.signal?.removeEventListener('abort', this.#onAbort)
    this.#resolve({ ...ended, status: this.#status, session: this.#session, bytes: this.#bytes })
    if (ended.state === 'answered') this.#leaveSoon()
    else this.#controller?.abort(new LeftExchange('no more is wanted'))
    this.#whole = []
  }

  /** A stream that ends with its answer leaves its connection usable; one that goes on is cut off. */
  #leaveSoon(): void {
    if (!this.#stream) return
    const leave = () => this.#controller?.abort(new LeftExchange('no more is wanted'))
    this.#timer = setTimeout(leave, GRACE_MS).unref()
  }
}

function oneOf(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value
}
