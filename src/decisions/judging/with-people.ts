import { decide, type RequestableDeny } from '@remit/engine'
import { type UsableOrNot, usableApproval } from '../../approvals/index.ts'
import type { Id } from '../../lib/id.ts'
import { ask } from '../ask.ts'
import type { DecisionParts } from '../parts.ts'
import { refuse, refuseExecuted } from '../refuse.ts'
import { reserve } from '../reserve.ts'
import type { Verdict } from '../verdict.ts'
import { factsOf, type KnownCase, type Looked } from './grounds.ts'

/**
 * The call needs people. What they said so far decides what happens now: `gone` when it was used by another call in the
 * same moment.
 */
export async function judgeWithPeople(
  parts: DecisionParts,
  each: KnownCase,
  looked: Looked,
  decision: RequestableDeny,
): Promise<Verdict | 'gone'> {
  const said = await usableApproval(parts, each.who.held.task.id, each.callHash ?? '', each.at)
  if (said.state === 'executed') return refuseExecuted(parts, each, said.request, decision.gates)
  if (said.state === 'denied')
    return refuse(parts, each, { ...deniedByPeople(said), gates: decision.gates })
  if (said.state !== 'usable') return ask(parts, each, decision, insufficient(said))
  const { approval } = said
  // An approval lifts the forbids it names, in a new evaluation; it is never a way around one.
  const lifting = { forbids: approval.request.ask.forbids }
  const again = decide(factsOf(each, looked, lifting), looked.policies)
  if (again.outcome === 'deny') return refuse(parts, each, again)
  if (again.outcome === 'requestable') return ask(parts, each, again, [approval.request.id])
  return reserve(parts, each, { permit: again, looked, word: { approval } })
}

function insufficient(said: Exclude<UsableOrNot, { state: 'usable' }>): Id<'request'>[] {
  return said.state === 'lapsed' ? [said.request.id] : []
}

function deniedByPeople(said: Extract<UsableOrNot, { state: 'denied' }>) {
  const words = said.request.reason
  return {
    reason: 'approval.denied',
    detail: words === null ? 'a person denied this call' : `a person denied this call: ${words}`,
    enough: `another way to the goal; the same call asks nobody before ${new Date(said.until).toISOString()}`,
  }
}
