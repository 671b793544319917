import { decide } from '@remit/engine'
import { activeWord } from '../../../approvals/approvals/index.ts'
import { newTimedId } from '../../../platform/lib/id.ts'
import { findDecision } from '../../../tasks/decision-log/index.ts'
import { alsoKeys, authenticationOf, type Call } from '../../../tasks/facts/index.ts'
import { isKnown, openCase, stopped } from '../case.ts'
import { decisionInputsFor } from '../decide-call.ts'
import { identify } from '../identify.ts'
import { gatherCallFacts } from '../judgment/decision-inputs.ts'
import type { CallParts } from '../parts.ts'
import { consumeProof, refuse, refuseReplay, usedProofSteps } from '../refuse.ts'
import { permitted } from '../reserve.ts'
import type { DenyVerdict, PermitVerdict } from '../verdict.ts'

/**
 * Decides whether a call that was permitted before, and goes on at its server, may go on for the caller
 * that asks about it now: by all gates, as everything is now. Nothing is taken a second time: limits
 * counted it when it began, and the word of people that it used lifts the same forbids as long as
 * they may still give it. Decision points of others were asked when it began. A permit writes the
 * used proof and nothing else; a refusal is recorded as every one is, and ends nothing.
 * `call`: the call as it was sent, with the credentials of the request that asks now.
 */
export async function continueCall(
  parts: CallParts,
  call: Call,
  decisionId: string,
): Promise<PermitVerdict | DenyVerdict> {
  parts.disk?.requireRoom()
  const who = await identify(parts, call)
  const each = openCase(call, who, {
    id: newTimedId('decision', parts.clock.now(), parts.random),
    at: parts.clock.now(),
    replicaId: parts.live.replicaId,
    policyVersion: undefined,
    proofUsed: false,
  })
  if (!isKnown(each)) return refuse(parts, each, stopped(each))
  const found = await decisionInputsFor(parts, each)
  if ('because' in found) return refuse(parts, each, found.because)
  const before = await findDecision(parts.storage.read, decisionId)
  // INVARIANT: it is that very call: of this task, with these arguments, of this definition, at this address.
  if (before?.outcome !== 'permit' || before.callHash !== each.callHash)
    return refuse(parts, found.each, { ...CHANGED, gates: [who.credential] })
  const word = await activeWord(parts, before)
  const { grounds } = found
  const standing = await parts.facts.limits(found.each.who.held)
  const looked = { ...grounds, standing, budget: NOTHING_TAKEN, external: [] }
  const facts = {
    ...gatherCallFacts(found.each, looked, word?.lifting),
    // A person signed in for the call, and not for each poll of it.
    authentication: authenticationOf(found.each.who.held.task, before.at),
  }
  const decision = decide(facts, grounds.policies)
  if (decision.outcome !== 'permit') return refuse(parts, found.each, { ...decision, facts })
  const approvers = word && (await parts.live.view(alsoKeys([], word.approvers)))
  if (!(await consumeProof(parts, usedProofSteps(parts, found.each))))
    return refuseReplay(parts, found.each)
  const { setting } = grounds
  const same = { ...found.each, id: before.id }
  return {
    ...permitted(same, { parts, permit: decision, setting, standing, approvers }),
    settles: [],
    ...(word?.requestId === undefined ? {} : { requestId: word.requestId }),
  }
}

const NOTHING_TAKEN = { peeks: [], takings: [], spent: false } as const

const CHANGED = {
  reason: 'catalog.changed',
  detail: 'what was called is not defined, or not given to the task, as it was then',
  enough: 'the same call again',
} as const
