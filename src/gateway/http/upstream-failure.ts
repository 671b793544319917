import { Problem } from '../../lib/problem.ts'
import type { AbortReason } from '../../revocation/index.ts'
import type { ForwardResult } from './outgoing.ts'

/**
 * Error for a call that we ended. Thrown into the dispatcher, and told apart from failures of the
 * upstream.
 */
export class DeadCall extends Error {}

/** Problem for a call that we ended before its answer began; `undefined` when nobody listens. */
export function cutShort(cut: AbortReason, state: ForwardResult['state']): Problem | undefined {
  if (cut === 'abandoned') return undefined
  const effect = state === 'not_sent' ? 'nothing was sent' : 'whether the API acted is not known'
  return cut === 'stopping'
    ? new Problem('server.not_ready', `the gateway is shutting down; ${effect}`)
    : new Problem('call.no_longer_live', `the task ended before there was an answer; ${effect}`)
}

/**
 * Problem for a call that found no free connection to the API: other calls, such as streams, hold
 * them all.
 */
export function allBusy(): Problem {
  const detail = 'no connection to the API was free in time; nothing was sent'
  return new Problem('upstream.unreachable', detail)
}

/** Problem for a caller that holds its share of the connections to the API already. */
export function noSlot(): Problem {
  const detail = 'this caller holds its share of the connections to the API; nothing was sent'
  return new Problem('upstream.busy', detail)
}

export function unreadable(): Problem {
  const detail =
    'the API answered in an encoding that was not asked for; whether it acted is not known'
  return new Problem('upstream.unreadable', detail)
}

/**
 * Problem for a call that failed on its way, in words that fit an agent. `sent`: bytes may have
 * reached the upstream.
 */
export function failure(error: Error, sent: boolean): Problem {
  if (error instanceof DeadCall)
    return new Problem('call.no_longer_live', 'the task ended before the call was sent')
  const code = 'code' in error ? String(error.code) : ''
  const unknown = 'whether it acted is not known'
  if (code === 'UND_ERR_HEADERS_TIMEOUT') {
    const detail = `the API did not answer in time; ${unknown}`
    return new Problem('upstream.timeout', detail, { cause: error })
  }
  if (sent) {
    const detail = `the API ended the connection without an answer; ${unknown}`
    return new Problem('upstream.cut', detail, { cause: error })
  }
  const detail = 'the API could not be reached; nothing was sent'
  return new Problem('upstream.unreachable', detail, { cause: error })
}
