import { type Deny, decide, type GateResult } from '@remit/engine'
import { closeSpent, peekBudgets } from '../../tasks/index.ts'
import { ask } from '../ask.ts'
import { isSending } from '../decision-store.ts'
import type { DecisionParts } from '../parts.ts'
import { refuse } from '../refuse.ts'
import { reserve } from '../reserve.ts'
import type { Denied, Verdict } from '../verdict.ts'
import { factsOf, type Grounds, type KnownCase, type Looked } from './grounds.ts'
import { tellUnbound } from './unbound.ts'
import { judgeWithPeople } from './with-people.ts'

/** How often what was looked at may be gone when it is taken before we stop trying. */
const MOST_TRIES = 3

/** facts → decide → reserve. What is gone between looking and taking is looked at again, by all gates. */
export async function judge(
  parts: DecisionParts,
  each: KnownCase,
  grounds: Grounds,
): Promise<Verdict> {
  const { held } = each.who
  for (let tries = 1; ; tries++) {
    const budget = await peekBudgets(parts, [held.task, ...held.above], {
      action: each.call.action.name,
      arguments: each.call.arguments,
    })
    const looked: Looked = { ...grounds, budget }
    const decision = decide(factsOf(each, looked), grounds.policies)
    if (decision.outcome === 'deny') return deny(parts, each, looked, decision)
    const last = tries === MOST_TRIES
    if (decision.outcome === 'requestable') {
      const answer = await judgeWithPeople(parts, each, looked, decision)
      if (answer !== 'gone') return answer
      if (last) return ask(parts, each, decision, [])
    } else {
      const answer = await reserve(parts, each, { permit: decision, looked, word: undefined })
      if (answer !== 'gone') return answer
      if (last) return refuse(parts, each, taken(decision.gates))
    }
  }
}

/** A refusal for want of calls is the last thing that happens under a task: it closes (contract 5.9). */
async function deny(
  parts: DecisionParts,
  each: KnownCase,
  looked: Looked,
  decision: Deny,
): Promise<Denied> {
  const { budget } = looked
  const denied = await refuse(parts, each, tellUnbound(each, looked, decision))
  if (budget.spent && denied.reason === 'budget.exhausted') {
    const isIdle: Parameters<typeof closeSpent>[2] = async (tx, ids) => !(await isSending(tx, ids))
    await closeSpent(parts, each.who.held.task.id, isIdle)
  }
  return denied
}

function taken(gates: readonly GateResult[]) {
  const detail = 'other calls took what was left of the budget in the same moment'
  const enough = 'the same call again, while something is left'
  const budget = {
    gate: 'budget',
    passed: false,
    reason: 'budget.exhausted',
    detail,
    enough,
  } as const
  return {
    reason: budget.reason,
    detail,
    enough,
    gates: gates.map((gate) => (gate.gate === 'budget' ? budget : gate)),
  }
}
