import { RpcAnswer, rpcError } from '../../../../calls/mcp-messages/index.ts'
import { Problem } from '../../../../platform/lib/problem.ts'
import {
  type ExchangeFailure,
  RPC,
  type RpcId,
  type UnansweredExchange,
} from '../../../../platform/net/index.ts'
import type { AbortReason } from '../../../../platform/revocation/index.ts'
import { CUT } from '../../http/upstream-failure.ts'

/** Reason why we left while the server worked. */
export type LeaveReason = AbortReason | 'cancelled' | undefined

const UNKNOWN = 'whether it acted is not known'

/** Makes the problem of a call that failed on its way, in words that fit an agent. `peer`: name of its kind for people. */
export function problemOf(
  ended: UnansweredExchange,
  left: LeaveReason,
  peer: 'agent' | 'MCP server' = 'MCP server',
): Problem {
  const effect = ended.state === 'not_sent' ? 'nothing was sent' : UNKNOWN
  const cause = ended.cause === undefined ? {} : { cause: ended.cause }
  if (ended.cause instanceof Problem && TOLD.has(ended.cause.code))
    return new Problem(ended.cause.code, `${ended.cause.detail}; ${effect}`)
  const { code, words } = wordsFor(peer)[ended.failure]
  if (ended.failure === 'unsure' && ended.state !== 'not_sent')
    return new Problem('call.effect_unknown', `${words}; ${effect}`, cause)
  if (ended.failure !== 'left') {
    const status =
      ended.status === undefined || ended.status === 200 ? '' : ` (status ${ended.status})`
    return new Problem(code, `${words}${status}; ${effect}`, cause)
  }
  const why = left === 'cancelled' || left === 'abandoned' ? CANCELLED : CUT[left ?? 'ended']
  // INVARIANT: a call that may have been sent has a code of its own, which invites no client to send it again.
  const cut = ended.state === 'not_sent' ? why.code : 'call.effect_unknown'
  return new Problem(cut, `${why.words}; ${effect}`)
}

const CANCELLED = { code: 'call.no_longer_live', words: 'the client cancelled the call' } as const

/** Causes that say more than the failure. */
const TOLD: ReadonlySet<string> = new Set(['upstream.asks', 'upstream.task_ended'])

type FailureWords = Record<
  ExchangeFailure,
  { readonly code: Problem['code']; readonly words: string }
>

const wordsFor = (peer: string): FailureWords => ({
  unreachable: { code: 'upstream.unreachable', words: `the ${peer} could not be reached` },
  not_permitted: {
    code: 'call.no_longer_live',
    words: 'something that the call depends on changed before it was sent',
  },
  unsure: CUT.unsure,
  timed_out: { code: 'upstream.timeout', words: `the ${peer} did not answer in time` },
  too_large: { code: 'upstream.too_large', words: 'the response is too large' },
  unexpected: { code: 'upstream.not_mcp', words: `the ${peer} sent an invalid response` },
  cut: { code: 'upstream.cut', words: `the ${peer} ended the connection without an answer` },
  left: { code: 'call.no_longer_live', words: '' },
})

/** Answer to a request that failed on its way. It is an error of the protocol, since the tool is not what failed. */
export function upstreamFailed(id: RpcId, problem: Problem): RpcAnswer {
  return new RpcAnswer(rpcError(id, RPC.internalError, problem))
}
