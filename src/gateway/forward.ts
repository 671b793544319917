import { createHash } from 'node:crypto'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import { answerHeaders } from './answer-headers.ts'
import { secretFilter } from './secret-filter.ts'

/** The upstream request, built from what was decided on. */
export interface Outgoing {
  method: string
  origin: string
  /** Path and query. */
  target: string
  headers: Readonly<Record<string, string>>
  body: string | undefined
  upstream: string
  identifier: string
  decisionId: string
  /** Values that must not come back: the injected credential, the transaction token. */
  secrets: readonly string[]
}

/**
 * How it ended. `not_sent`: provably no byte reached the upstream. `failed`: bytes were sent and no whole answer came, so
 * that the effect is unknown. `cut`: we ended a running answer because the task no longer permits it.
 */
export interface Forwarded {
  state: 'answered' | 'failed' | 'not_sent'
  status?: number
  latencyMs: number
  digest?: string
  cut?: Cut
  problem?: Problem
}

/** Why we ended a call: what it stands on is no longer alive, the gateway is going down, or nobody waits for the answer. */
export type Cut = 'ended' | 'stopping' | 'abandoned'

export interface ForwardPorts {
  dispatcher: Dispatcher
  clock: Clock
  /** Last-tick liveness: asked in the tick that writes the first byte. */
  mayStart(): boolean
  readonly patience: Patience
  /** Calls back when the running answer has to end, with the reason. Returns how to stop listening. */
  onCut(cut: (reason: Cut) => void): () => void
}

/** How long an API may take, in milliseconds: until its answer starts, and between two parts of it. */
export interface Patience {
  readonly startsWithin: number
  readonly pausesAtMost: number
}

export const PATIENCE: Patience = { startsWithin: 30_000, pausesAtMost: 300_000 }

class Dead extends Error {}

/**
 * Sends the call upstream and streams the answer into `reply`. Never throws: how it ended is the value returned.
 * INVARIANT: nothing is written upstream unless `mayStart()` said yes in the same tick.
 */
export function forward(
  out: Outgoing,
  reply: ServerResponse,
  ports: ForwardPorts,
): Promise<Forwarded> {
  return new Promise((resolve) => {
    const began = ports.clock.monotonic()
    const filter = secretFilter(out.secrets)
    const hash = createHash('sha256')
    let controller: Dispatcher.DispatchController | undefined
    let status: number | undefined
    let settled = false

    const settle = (ended: Pick<Forwarded, 'state' | 'cut' | 'problem' | 'digest'>) => {
      if (settled) return
      settled = true
      stopListening()
      reply.off('close', onClientGone)
      resolve({
        ...ended,
        ...(status === undefined ? {} : { status }),
        latencyMs: ports.clock.monotonic() - began,
      })
    }
    const end = (cut: Cut) => {
      // The state is settled before the sockets go, so that our own abort is not read as the upstream's failure.
      const began = status !== undefined
      const state = controller ? (began ? 'answered' : 'failed') : 'not_sent'
      settle({ state, cut, ...(began ? {} : { problem: cutShort(cut, state) }) })
      // An answer that has begun can only be cut off; before that there is room for words.
      if (began) reply.destroy()
      controller?.abort(new Dead(cut))
    }
    const stopListening = ports.onCut(end)
    // Before the answer has begun the effect is wanted on record even if nobody waits for it any more.
    const onClientGone = () => {
      if (status !== undefined && !reply.writableFinished) end('abandoned')
    }
    reply.on('close', onClientGone)

    const handler: Dispatcher.DispatchHandler = {
      onRequestStart(started) {
        if (settled) throw new Dead('ended before it was sent')
        if (!ports.mayStart()) throw new Dead('no longer live')
        controller = started
      },
      onResponseStart(running, code, headers) {
        if (code < 200 || settled) return
        // Asked for plain bytes. In any other encoding an echoed credential could not be seen.
        if (
          headers['content-encoding'] !== undefined &&
          headers['content-encoding'] !== 'identity'
        ) {
          settle({ state: 'failed', problem: new Problem('upstream.unreadable', UNREADABLE) })
          running.abort(new Dead(UNREADABLE))
          return
        }
        status = code
        writeHead(reply, code, headers, out)
      },
      onResponseData(running, chunk) {
        if (settled) return
        hash.update(chunk)
        const part = filter.push(chunk)
        if (part.length && !reply.write(part)) {
          running.pause()
          reply.once('drain', () => running.resume())
        }
      },
      onResponseEnd() {
        reply.end(filter.rest())
        settle({ state: 'answered', digest: hash.digest('base64url') })
      },
      onResponseError(_, error) {
        if (settled) return
        const sent = controller !== undefined
        const problem = failure(error, sent)
        settle({ state: sent ? 'failed' : 'not_sent', problem })
        if (status !== undefined) reply.destroy()
      },
    }
    ports.dispatcher.dispatch(
      {
        origin: out.origin,
        path: out.target,
        method: out.method as Dispatcher.HttpMethod, // one of the six that strictRequest lets through
        headers: out.headers,
        body: out.body ?? null,
        headersTimeout: ports.patience.startsWithin,
        bodyTimeout: ports.patience.pausesAtMost,
      },
      handler,
    )
  })
}

const UNREADABLE =
  'the API answered in an encoding that was not asked for; whether it acted is not known'

function writeHead(
  reply: ServerResponse,
  status: number,
  from: IncomingHttpHeaders,
  out: Outgoing,
): void {
  const headers = answerHeaders(from, out)
  reply.writeHead(status, headers)
  reply.flushHeaders()
}

function cutShort(cut: Cut, state: Forwarded['state']): Problem {
  const effect = state === 'not_sent' ? 'nothing was sent' : 'whether the API acted is not known'
  return cut === 'stopping'
    ? new Problem('server.not_ready', `the gateway is going down; ${effect}`)
    : new Problem('call.no_longer_live', `the task ended before there was an answer; ${effect}`)
}

function failure(error: Error, sent: boolean): Problem {
  if (error instanceof Dead)
    return new Problem('call.no_longer_live', 'the task ended before the call was sent')
  const code = 'code' in error ? String(error.code) : ''
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    return new Problem(
      'upstream.timeout',
      'the API did not answer in time; whether it acted is not known',
      { cause: error },
    )
  }
  return sent
    ? new Problem(
        'upstream.cut',
        'the API ended the connection without an answer; whether it acted is not known',
        {
          cause: error,
        },
      )
    : new Problem('upstream.unreachable', 'the API could not be reached; nothing was sent', {
        cause: error,
      })
}
