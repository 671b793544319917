import type { BudgetPeek } from '@remit/engine'
import { amountInWords, isSettled } from './amount.ts'
import type { LimitView } from './counted-limits.ts'
import type { Limit } from './limit.ts'
import type { LimitSubject } from './standing-limit.ts'

/** Says how one limit stands to a call, in words that are fit for the agent. */
export function tellLimit(view: LimitView, amount: bigint): BudgetPeek {
  const { counted, fits, freeAt } = view
  const { limit, whose } = counted
  const standing = typeof whose !== 'string'
  return {
    name: limit.name,
    left: fits,
    detail: standing ? standingDetail(view, whose) : usedInWords(view, amount),
    // INVARIANT: what others used is not the agent's to know.
    ...(standing ? { note: `${subjectNote(view, whose)}: ${usedInWords(view, amount)}` } : {}),
    ...(fits ? {} : refusalOf(view, amount, standing, freeAt)),
  }
}

export function tellUncountable(view: LimitView): BudgetPeek {
  const { limit, whose } = view.counted
  return {
    name: limit.name,
    left: false,
    reason: 'budget.uncountable',
    detail: 'the call has no amount that can be counted',
    enough: 'a call with an amount of 0 or more where the budget counts',
    ...(typeof whose === 'string' ? {} : { note: subjectNote(view, whose) }),
  }
}

function usedInWords({ counted, most, used }: LimitView, amount: bigint): string {
  const { limit, whose } = counted
  const around = whose === 'above' ? ' together with the tasks around it' : ''
  const sofar = `${amountInWords(limit, used)} of ${amountInWords(limit, most)} used${around}`
  const verb = isSettled(limit) ? 'reserves' : 'takes'
  const takes = limit.kind === 'calls' ? '' : `, this call ${verb} ${amountInWords(limit, amount)}`
  return `${sofar}${takes}`
}

const WHOSE: Readonly<Record<LimitSubject['kind'], string>> = {
  organization: 'everything together',
  person: 'the person',
  agent: 'an agent of the task',
  space: 'the space',
}

function standingDetail({ fits }: LimitView, { kind }: LimitSubject): string {
  const says = fits ? 'leaves enough' : 'leaves less than this call takes'
  return `the limit for ${WHOSE[kind]} ${says}`
}

function subjectNote({ counted: { owner } }: LimitView, { id, kind }: LimitSubject): string {
  return `${owner} of ${kind} ${id}`
}

/** Every call reserves as much, whatever it says. */
function isFixed(limit: Limit): boolean {
  return isSettled(limit) && !limit.reserve.startsWith('/')
}

/**
 * Tells why not, and what would be enough. The engine knows the words for a budget that is used up
 * for good.
 */
function refusalOf(
  { counted: { limit }, state }: LimitView,
  amount: bigint,
  standing: boolean,
  freeAt: number | undefined,
): Pick<BudgetPeek, 'reason' | 'enough'> {
  if (freeAt !== undefined)
    return {
      reason: 'limit.try_later',
      enough: `the same call after ${new Date(freeAt).toISOString()}`,
    }
  if (!standing && state.windowMs === null) return {}
  const enough =
    limit.kind !== 'calls' && amount > 0n && !isFixed(limit)
      ? 'a call that takes less, or a higher limit'
      : 'an administrator who raises the limit'
  return { reason: standing ? 'limit.used_up' : 'budget.exhausted', enough }
}
