import {
  type CallParts,
  decideCall,
  endCall,
  stillLive,
  tellRefusal,
  type Verdict,
} from '../calls/index.ts'
import type { Call } from '../facts/index.ts'
import { Problem } from '../lib/problem.ts'

export type RefusalAnswer = ReturnType<typeof tellRefusal>

/**
 * Decides a call that somebody else makes or stops: an API that agents call directly, or a gateway
 * in front of it. Looks once more before the permit is answered, as the gateway does in the tick of
 * the first byte; from then on it is their call, and they say what became of it.
 */
export async function decideDirect(
  parts: CallParts,
  call: Call,
): Promise<Verdict<'permit'> | RefusalAnswer> {
  const verdict = await decideCall(parts, call)
  if (verdict.outcome !== 'permit') {
    const { resource } = call
    return tellRefusal(parts, verdict, { origin: new URL(call.url).origin, resource })
  }
  const { decisionId } = verdict
  if (stillLive(parts, verdict)) {
    parts.flights.end(decisionId)
    return verdict
  }
  const problem = new Problem('call.no_longer_live', 'the task ended before the call began', {
    members: { decision_id: decisionId },
  })
  await endCall(parts, decisionId, { state: 'not_sent', reason: problem.code })
  return { status: problem.status, headers: { 'remit-decision': decisionId }, problem }
}
