import { Problem } from '../../platform/lib/problem.ts'
import type { Call } from '../../tasks/facts/index.ts'
import {
  type CallParts,
  decideCall,
  endCall,
  footingOf,
  tellRefusal,
  type Verdict,
} from '../calls/index.ts'

export type RefusalAnswer = ReturnType<typeof tellRefusal>

/**
 * Decides a call that another program makes or stops: an API that agents call directly, or a gateway
 * in front of it. Looks once more before the permit is answered, as the gateway does in the tick of
 * the first byte; from then on it is their call, and they report its outcome.
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
  if (await mayBegin(parts, verdict)) {
    parts.flights.end(decisionId)
    return verdict
  }
  const detail = 'something that the call depends on changed before it began'
  const problem = new Problem('call.no_longer_live', detail, {
    members: { decision_id: decisionId },
  })
  await endCall(parts, decisionId, { state: 'not_sent', reason: problem.code })
  return { status: problem.status, headers: { 'remit-decision': decisionId }, problem }
}

/** Looks in the tick of the answer, and once more where a lease ran out or policies changed meanwhile. */
async function mayBegin(parts: CallParts, verdict: Verdict<'permit'>): Promise<boolean> {
  const { mayStart, startsAgain } = footingOf(parts, [verdict])
  if (mayStart()) return true
  const found = await startsAgain().catch(async (error: unknown) => {
    await endCall(parts, verdict.decisionId, { state: 'not_sent', reason: 'live.lease_over' })
    throw error
  })
  return found && mayStart()
}
