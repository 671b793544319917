import { type CallFacts, type Deny, decide } from '@remit/engine'
import { limitsOver, NO_LIMITS, peekBudgets } from '../../../tasks/budgets/index.ts'
import { isSending } from '../../../tasks/decision-log/index.ts'
import { requesterOf } from '../../../tasks/facts/index.ts'
import { closeSpent } from '../../../tasks/tasks/index.ts'
import { askPeople } from '../ask.ts'
import type { KnownCase } from '../case.ts'
import type { CallParts } from '../parts.ts'
import { type DenialReason, refuse } from '../refuse.ts'
import { reserve } from '../reserve.ts'
import type { DenyVerdict, Verdict } from '../verdict.ts'
import {
  type DecisionInputs,
  type DecisionInputsWithLimits,
  gatherCallFacts,
} from './decision-inputs.ts'
import { explainBearerDenial } from './unbound.ts'
import { askedOnce, decideWithOthers } from './with-others.ts'
import { judgeWithPeople } from './with-people.ts'

/** Maximum tries: an amount or approval that was seen may be gone when it is taken. */
const MAX_TRIES = 3

/**
 * facts → decide → reserve. A call that lost something between looking and taking is judged again, by all gates. Decision points of others are
 * asked when nothing here denies, and once for each call, however often it is looked at.
 */
export async function judge(
  parts: CallParts,
  each: KnownCase,
  grounds: DecisionInputs,
): Promise<Verdict> {
  const others = askedOnce(parts, each, grounds)
  for (let tries = 1; ; tries++) {
    const own = await lookAt(parts, each, grounds)
    const { decision, facts, looked } = await decideWithOthers(own, others, (seen) =>
      gatherCallFacts(each, seen),
    )
    if (decision.outcome === 'deny') return deny(parts, each, looked, { ...decision, facts })
    const last = tries === MAX_TRIES
    if (decision.outcome === 'requestable') {
      const answer = await judgeWithPeople(parts, each, looked, { ...decision, facts })
      if (answer.outcome !== 'overtaken') return answer
      if (last) {
        const requester = requesterOf(grounds.setting.where, each.who.held.task)
        return askPeople(parts, each, { ...decision, facts }, { insufficient: [], requester })
      }
    } else {
      const answer = await reserve(parts, each, {
        permit: decision,
        facts,
        looked,
        word: undefined,
      })
      if (answer.outcome !== 'overtaken') return answer
      if (last) return refuse(parts, each, taken(facts, grounds))
    }
  }
}

/** Looks at the inputs of a decision, with the limits at this moment. Nothing is taken, and no external decision point is asked. */
export async function lookAt(
  parts: Pick<CallParts, 'facts' | 'storage'>,
  { at, call, who }: KnownCase,
  grounds: DecisionInputs,
): Promise<Omit<DecisionInputsWithLimits, 'external'>> {
  const { above, task } = who.held
  const applicable = parts.facts.limits(who.held)
  const standing = applicable instanceof Promise ? await applicable : applicable
  const limits = limitsOver([task, ...above], standing.limits)
  const countable = { action: call.action.name, arguments: call.arguments }
  const budget = limits.length === 0 ? NO_LIMITS : await peekBudgets(parts, limits, countable, at)
  const { kindOf, policies, risk, setting } = grounds
  return { kindOf, policies, risk, setting, standing, budget }
}

/** A refusal for want of calls is the last thing that happens under a task: it closes (contract 5.9). */
async function deny(
  parts: CallParts,
  each: KnownCase,
  looked: DecisionInputsWithLimits,
  decision: Deny & { readonly facts: CallFacts },
): Promise<DenyVerdict> {
  const { budget } = looked
  const { facts } = decision
  const denied = await refuse(parts, each, {
    ...explainBearerDenial(each, looked, decision),
    facts,
  })
  if (budget.spent && denied.reason === 'budget.exhausted') {
    const isIdle: Parameters<typeof closeSpent>[2] = async (tx, ids) => !(await isSending(tx, ids))
    await closeSpent(parts, each.who.held.task.id, isIdle)
  }
  return { ...denied, ...retryOf(each, looked, denied) }
}

/** Answers when to retry, where nothing but time is missing, or people besides. */
function retryOf(
  { at }: KnownCase,
  { budget: { retryAt } }: DecisionInputsWithLimits,
  { gates }: DenyVerdict,
): Pick<DenyVerdict, 'retryAfter'> {
  const others = gates.some(
    ({ gate, passed }) => !passed && gate !== 'budget' && gate !== 'approval',
  )
  if (others || retryAt === undefined) return {}
  return { retryAfter: Math.max(1, Math.ceil((retryAt - at) / 1000)) }
}

/** Decides a call again after other calls took the rest: the gates see an empty budget. */
function taken(seen: CallFacts, { policies }: DecisionInputs): DenialReason {
  const gone = {
    left: false,
    reason: 'budget.exhausted',
    detail: 'other calls used the rest of it at the same time',
    enough: 'the same call again, while something is left',
  }
  const facts = { ...seen, budgets: seen.budgets.map((budget) => ({ ...budget, ...gone })) }
  const decision = decide(facts, policies)
  if (decision.outcome !== 'deny') throw new Error('a call without a budget found it taken')
  return { ...decision, facts }
}
