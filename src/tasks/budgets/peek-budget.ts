import type { BudgetPeek } from '@remit/engine'
import { amountOf, type CountableCall, concerns, isSettled, mostOf } from './amount.ts'
import { type CountState, countsOf, freeFrom, type Reservation } from './budget-store.ts'
import { type CountedLimit, isStanding, type LimitView } from './counted-limits.ts'
import type { BudgetParts } from './limit.ts'
import { tellLimit, tellUncountable } from './tell-limit.ts'

/** State of all limits for one call, and what the call would take of them. */
export interface LimitStatus {
  /** Peeks for the gates: lasting shortages come first. */
  readonly peeks: readonly BudgetPeek[]
  /** Reservations for `takeSteps`, when every peek says that there is enough left. */
  readonly takings: readonly Reservation[]
  /** The calls of the task itself are used up: nothing will ever go through under it again. */
  readonly spent: boolean
  /**
   * Time when there is enough again of all that is used up, if nothing else is taken: epoch
   * milliseconds.
   */
  readonly retryAt?: number
}

/** State where a call falls under no limit. */
export const NO_LIMITS: LimitStatus = { peeks: [], takings: [], spent: false }

/**
 * Looks at the limits that a call falls under. Reads nothing when there are none. Amounts seen here are not yet taken. `at` is when
 * the call is made, by which windows are measured.
 */
export async function peekBudgets(
  parts: Pick<BudgetParts, 'storage'>,
  limits: readonly CountedLimit[],
  call: CountableCall,
  at: number,
): Promise<LimitStatus> {
  const concerned = limits.filter(({ limit }) => concerns(limit, call))
  if (concerned.length === 0) return NO_LIMITS
  const { read } = parts.storage
  const states = await countsOf(read, [...new Set(concerned.map(({ owner }) => owner))], at)
  const views: LimitView[] = []
  for (const counted of concerned) {
    const state = stateOf(states, counted)
    if (!state) continue
    const view = limitView(counted, state, amountOf(counted.limit, call))
    views.push(view.fits ? view : { ...view, freeAt: await freeAt(read, view, at) })
  }
  const retryAt = retryOf(views)
  return {
    peeks: views.toSorted(lastingFirst).map(peekOf),
    takings: views.flatMap((view) => takingOf(view, at)),
    spent: views.some(isSpent),
    ...(retryAt === undefined ? {} : { retryAt }),
  }
}

/** `undefined`: a standing limit that was removed in this moment. */
function stateOf(states: readonly CountState[], counted: CountedLimit): CountState | undefined {
  const { limit, owner } = counted
  const state = states.find((each) => each.owner === owner && each.name === limit.name)
  if (!state && !isStanding(counted)) throw new Error('a limit without a count')
  return state
}

function limitView(
  counted: CountedLimit,
  state: CountState,
  amount: bigint | undefined,
): LimitView {
  const used = state.counted - state.left
  const most = mostOf(counted.limit)
  const fits = amount !== undefined && used + amount <= most
  return { counted, state, used, most, amount, fits }
}

/**
 * Finds the time from which there is room; `undefined` where it is no matter of time: it counts for
 * ever, or the call takes more than there ever is.
 */
async function freeAt(
  read: Parameters<typeof freeFrom>[0],
  { amount, most, state, used }: LimitView,
  at: number,
): Promise<number | undefined> {
  const { windowMs } = state
  if (windowMs === null || amount === undefined || amount > most) return undefined
  return freeFrom(read, { ...state, windowMs }, { at, amount: used + amount - most })
}

function retryOf(views: readonly LimitView[]): number | undefined {
  const times = views.filter(({ fits }) => !fits).map((view) => view.freeAt)
  const known = times.filter((time) => time !== undefined)
  return known.length === 0 || known.length < times.length ? undefined : Math.max(...known)
}

/** Sorts lasting shortages first, so that no caller is told to wait in vain. */
function lastingFirst(a: LimitView, b: LimitView): number {
  const rank = ({ freeAt }: LimitView) => (freeAt === undefined ? 0 : 1)
  return rank(a) - rank(b)
}

function peekOf(view: LimitView): BudgetPeek {
  return view.amount === undefined ? tellUncountable(view) : tellLimit(view, view.amount)
}

function takingOf({ amount, counted, most, state }: LimitView, at: number): Reservation[] {
  if (amount === undefined) return []
  const { limit, owner } = counted
  const { left, windowMs } = state
  const sweep = windowMs !== null && left > 0n ? { sweepTo: at - windowMs } : {}
  const settles = isSettled(limit) ? { settles: { kind: limit.kind, path: limit.path } } : {}
  return [{ owner, name: limit.name, amount, most, ...sweep, ...settles }]
}

function isSpent({ counted: { limit, whose }, most, used }: LimitView): boolean {
  return whose === 'own' && limit.name === 'calls' && used >= most
}
