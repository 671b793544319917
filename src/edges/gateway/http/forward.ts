import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Dispatcher } from 'undici'
import { Problem } from '../../../platform/lib/problem.ts'
import { type RedactedStream, Redactor } from '../../../platform/lib/redaction/redactor.ts'
import { EventQueue } from '../../../platform/net/index.ts'
import type { AbortReason } from '../../../platform/revocation/index.ts'
import {
  MAX_RESHAPED,
  obligedHeaders,
  reshapeBody,
  withheld,
} from '../../../policy/obligations/index.ts'
import type { ReportedAmount } from '../../../tasks/budgets/index.ts'
import { AnswerReader } from '../read-answer.ts'
import { answerHeaders } from './answer-headers.ts'
import type { AnswerTarget, ForwardPorts, ForwardResult, UpstreamRequest } from './outgoing.ts'
import { allBusy, cutShort, DeadCall, unreadable, upstreamFailure } from './upstream-failure.ts'

/**
 * Sends the call upstream and streams the answer into `reply`. Never throws: how it ended is the value returned.
 * INVARIANT: nothing is written upstream unless `mayStart()` said yes in the same tick.
 */
export function forward(
  out: UpstreamRequest,
  reply: AnswerTarget,
  ports: ForwardPorts,
): Promise<ForwardResult> {
  return new Promise((resolve) => {
    new ForwardedCall(out, reply, ports, resolve).start()
  })
}

/** Maximum of tries to start a call, where changes come between again and again. */
const MAX_TRIES = 6

/** An answer that is held until all of it is there. */
interface WholeAnswer {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly parts: Buffer[]
  size: number
}

/**
 * One call under way: the dispatcher reports each event to it, and it settles once.
 * INVARIANT: no part of an answer is passed on when what the call rests on is no longer alive (`EventQueue`). Events and a timer
 * cut a silent stream; after a pause of the whole process they come later than what waits in the sockets.
 */
class ForwardedCall implements Dispatcher.DispatchHandler {
  readonly #out: UpstreamRequest
  readonly #reply: AnswerTarget
  readonly #ports: ForwardPorts
  readonly #resolve: (ended: ForwardResult) => void
  readonly #began: number
  readonly #redactor: Redactor
  readonly #filter: RedactedStream
  readonly #hash = createHash('sha256')
  #controller: Dispatcher.DispatchController | undefined
  #status: number | undefined
  #settled = false
  #waiting: NodeJS.Timeout | undefined
  /** Answer that policies change before the caller sees it, held until it is whole. */
  #whole: WholeAnswer | undefined
  /** Reads amounts out of the answer, where limits are settled by them. */
  readonly #reader: AnswerReader | undefined
  #contentType = ''
  /**
   * True when the client has gone and the answer is still read to its end: hanging up must not
   * lower the amount that is counted.
   */
  #unheard = false
  #stopListening = () => {}
  /** True where the call was not let go in the tick of its first byte. */
  #isStopped = false
  #tries = 0
  readonly #events: EventQueue

  constructor(
    out: UpstreamRequest,
    reply: AnswerTarget,
    ports: ForwardPorts,
    resolve: (ended: ForwardResult) => void,
  ) {
    this.#out = out
    this.#reply = reply
    this.#ports = ports
    this.#resolve = resolve
    this.#began = ports.clock.monotonic()
    this.#redactor = new Redactor(out.secrets)
    this.#filter = this.#redactor.stream()
    this.#reader = ports.settles ? new AnswerReader() : undefined
    this.#events = new EventQueue(ports, (why) => this.#cut(why))
  }

  start(): void {
    const { onCut, patience } = this.#ports
    this.#stopListening = onCut((reason) => this.#cut(reason))
    this.#reply.on('close', this.#onClientGone)
    const giveUp = () => this.#settle({ state: 'not_sent', problem: allBusy() })
    this.#waiting = setTimeout(giveUp, patience.startsWithin)
    if (this.#ports.mayStart()) this.#dispatch()
    else void this.#dispatchLater(new DeadCall('no longer live'))
  }

  /**
   * Finds out whether the call may start after all, and sends it then. What has been given to the dispatcher and cannot be read
   * twice is not sent again.
   */
  async #dispatchLater(error: Error): Promise<void> {
    const isOnceOnly = this.#tries > 0 && typeof (this.#out.body ?? '') !== 'string'
    const { startsAgain } = this.#ports
    const may =
      !startsAgain || isOnceOnly || ++this.#tries > MAX_TRIES
        ? false
        : await startsAgain().catch((unsure: unknown) => unsure)
    if (this.#settled) return
    if (may === true) this.#dispatch()
    else
      this.#settle({
        state: 'not_sent',
        problem: may instanceof Problem ? may : upstreamFailure(error, false),
      })
  }

  #dispatch(): void {
    const { dispatcher, patience } = this.#ports
    const { body, headers, method, origin, target } = this.#out
    this.#tries++
    const options: Dispatcher.DispatchOptions = {
      origin,
      path: target,
      method: method as Dispatcher.HttpMethod, // one of the six that strictRequest lets through
      headers,
      body: body ?? null,
      headersTimeout: patience.startsWithin,
      bodyTimeout: patience.pausesAtMost,
    }
    dispatcher.dispatch(options, this)
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    if (this.#settled) throw new DeadCall('ended before it was sent')
    if (!this.#ports.mayStart()) {
      this.#isStopped = true
      throw new DeadCall('no longer live')
    }
    clearTimeout(this.#waiting)
    this.#controller = controller
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (status < 200 || this.#settled) return
    this.#events.pass(controller, () => this.#onHead(controller, status, headers))
  }

  #onHead(
    controller: Dispatcher.DispatchController,
    status: number,
    headers: IncomingHttpHeaders,
  ): void {
    if (this.#settled) return
    // Asked for plain bytes. In any other encoding an echoed credential could not be seen.
    const encoding = headers['content-encoding'] ?? 'identity'
    if (encoding !== 'identity') {
      this.#settle({ state: 'failed', problem: unreadable() })
      controller.abort(new DeadCall('another encoding'))
      return
    }
    this.#contentType = headers['content-type'] ?? ''
    if (this.#ports.reshape) {
      this.#whole = { status, headers, parts: [], size: 0 }
      return
    }
    this.#reply.writeHead(status, answerHeaders(headers, this.#out, this.#redactor))
    this.#reply.flushHeaders()
    this.#status = status
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (!this.#settled) this.#events.pass(controller, () => this.#onPart(controller, chunk))
  }

  #onPart(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#settled) return
    this.#hash.update(chunk)
    this.#reader?.push(chunk)
    const part = this.#filter.push(chunk)
    if (this.#whole) {
      this.#hold(controller, this.#whole, part)
      return
    }
    if (this.#unheard) {
      if (this.#reader?.isTooLarge) this.#cut('abandoned')
      return
    }
    if (part.length && !this.#reply.write(part)) {
      controller.pause()
      this.#reply.once('drain', () => controller.resume())
    }
  }

  onResponseEnd(controller: Dispatcher.DispatchController): void {
    if (!this.#settled) this.#events.pass(controller, () => this.#onEnd())
  }

  #onEnd(): void {
    if (this.#settled) return
    if (this.#whole) {
      this.#tellWhole(this.#whole)
      return
    }
    if (this.#unheard) {
      this.#settle({ state: 'answered', cut: 'abandoned', ...this.#said() })
      return
    }
    this.#reply.end(this.#filter.rest())
    this.#settle({
      state: 'answered',
      digest: this.#hash.digest('base64url'),
      ...this.#said(),
    })
  }

  #hold(controller: Dispatcher.DispatchController, whole: WholeAnswer, part: Buffer): void {
    whole.size += part.length
    whole.parts.push(part)
    if (whole.size <= MAX_RESHAPED) return
    const { status } = whole
    this.#settle({ state: 'answered', withheld: { status, problem: withheld('it is too large') } })
    controller.abort(new DeadCall('too large to be read'))
  }

  /** INVARIANT: nothing of an answer is told before all of it is as it has to be. */
  #tellWhole({ headers, parts, status }: WholeAnswer): void {
    const { reshape } = this.#ports
    if (!reshape) throw new Error('an answer was held for nothing')
    const body = Buffer.concat([...parts, this.#filter.rest()])
    const digest = this.#hash.digest('base64url')
    const said = this.#said()
    let told: Buffer
    try {
      told = reshapeBody(reshape, { body, contentType: this.#contentType })
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem
      this.#settle({ state: 'answered', digest, withheld: { status, problem }, ...said })
      return
    }
    const length = body.length === 0 ? {} : { 'content-length': String(told.length) }
    this.#reply.writeHead(status, {
      ...answerHeaders(obligedHeaders(headers), this.#out, this.#redactor),
      ...length,
    })
    this.#status = status
    this.#reply.end(told)
    this.#settle({ state: 'answered', digest, ...said })
  }

  #said(): Pick<ForwardResult, 'said'> {
    return this.#reader ? { said: this.#reader.said(this.#contentType) } : {}
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    if (this.#settled) return
    if (this.#isStopped) {
      this.#isStopped = false
      void this.#dispatchLater(error)
      return
    }
    const sent = this.#controller !== undefined
    this.#settle({ state: sent ? 'failed' : 'not_sent', problem: upstreamFailure(error, sent) })
    if (this.#status !== undefined) this.#reply.destroy()
  }

  /**
   * Ends a call whose client has gone. An answer that settles limits is read on, so that its
   * amounts are recorded although no client waits for it.
   */
  readonly #onClientGone = () => {
    const begun = this.#status !== undefined && !this.#reply.writableFinished
    if (begun && this.#reader) {
      this.#unheard = true
      const enough = () => this.#cut('abandoned')
      this.#waiting = setTimeout(enough, this.#ports.patience.startsWithin)
      this.#controller?.resume()
      return
    }
    if (this.#controller === undefined || begun) this.#cut('abandoned')
  }

  /** The state is settled before the sockets go, so that our own abort is not read as the upstream's failure. */
  #cut(cut: AbortReason): void {
    const begun = this.#status !== undefined
    const state = this.#controller ? (begun ? 'answered' : 'failed') : 'not_sent'
    const problem = begun ? undefined : cutShort(cut, state)
    this.#settle({ state, cut, ...(problem ? { problem } : {}) })
    // An answer that has begun can only be cut off; before that there is room for words.
    if (begun) this.#reply.destroy()
    this.#controller?.abort(new DeadCall(cut))
  }

  #settle(
    ended: Pick<ForwardResult, 'state' | 'cut' | 'problem' | 'digest' | 'withheld' | 'said'>,
  ): void {
    if (this.#settled) return
    this.#settled = true
    clearTimeout(this.#waiting)
    this.#stopListening()
    this.#reply.off('close', this.#onClientGone)
    this.#resolve({
      ...(this.#reader ? { said: unsaidIn(ended) } : {}),
      ...ended,
      ...(this.#status === undefined ? {} : { status: this.#status }),
      latencyMs: this.#ports.clock.monotonic() - this.#began,
    })
  }
}

/** Reason why no amount is known, when no whole answer came. */
function unsaidIn({
  cut,
  state,
  withheld,
}: Pick<ForwardResult, 'cut' | 'state' | 'withheld'>): ReportedAmount {
  if (withheld) return { unsaid: 'too_large' }
  return { unsaid: cut !== undefined && state === 'answered' ? 'cut' : 'failed' }
}
