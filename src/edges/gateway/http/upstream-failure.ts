import { Problem } from '../../../platform/lib/problem.ts'
import type { AbortReason } from '../../../platform/revocation/index.ts'
import type { ForwardResult } from './outgoing.ts'

/**
 * Error for a call that we ended. Thrown into the dispatcher, and told apart from failures of the
 * upstream.
 */
export class DeadCall extends Error {}

/**
 * Problem for a call that we ended before its answer began; `undefined` when the client has gone. INVARIANT: a call that may have been sent has
 * a code of its own, which invites no client to send it again.
 */
export function cutShort(cut: AbortReason, state: ForwardResult['state']): Problem | undefined {
  if (cut === 'abandoned') return undefined
  const { code, words } = CUT[cut]
  return state === 'not_sent'
    ? new Problem(code, `${words}; nothing was sent`)
    : new Problem('call.effect_unknown', `${words}; whether the API acted is not known`)
}

/** Words for why a call was ended, and the code where nothing of it was sent. */
export const CUT = {
  stopping: { code: 'server.not_ready', words: 'the gateway is shutting down' },
  ended: {
    code: 'call.no_longer_live',
    words: 'something that the call depends on ended or changed before there was an answer',
  },
  unsure: {
    code: 'live.lease_over',
    words: 'this server could not find out in time whether the call is still permitted',
  },
} as const satisfies Record<
  Exclude<AbortReason, 'abandoned'>,
  { code: Problem['code']; words: string }
>

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
export function upstreamFailure(error: Error, sent: boolean): Problem {
  if (error instanceof DeadCall)
    return new Problem(
      'call.no_longer_live',
      'something that the call depends on changed before it was sent; nothing was sent',
    )
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
