import type { KindOf } from '@remit/engine'
import type { CallParts } from '../../../calls/calls/index.ts'
import type { CatalogView } from '../../../catalog/catalog/index.ts'
import { type AnsweredCall, answeredRequests } from '../../../tasks/approval-desk/index.ts'
import type { SuggestedLimit } from './limits-of.ts'
import { MIN_CALLS } from './suggest-details.ts'
import { CallUsage, type UsedAction } from './used.ts'

type HabitParts = Pick<CallParts, 'catalog' | 'clock' | 'storage'>

/** Calls of one agent that people approve again and again: at least five, none of them denied. */
export interface ApprovalHabit {
  readonly agent: string
  readonly action: string
  readonly resource: string
  readonly approvals: number
  /** Time of the newest approval, epoch milliseconds. */
  readonly last: number
  /** Limits that all approved calls keep; there is at least one. */
  readonly limits: readonly SuggestedLimit[]
  /** Arguments that differ from call to call. */
  readonly free: readonly string[]
  /** Ids of the rules that asked for each of them. */
  readonly rules: readonly string[]
}

const WINDOW_MS = 30 * 86_400_000
const MAX_REQUESTS = 2_000
const MAX_OF_AGENT = 500
const MAX_HABITS = 20

/** Finds what people approve again and again, the most frequent first. */
export async function approvalHabits(
  { catalog, clock, storage }: HabitParts,
  agentId?: string,
): Promise<readonly ApprovalHabit[]> {
  const view = await catalog.current()
  const requests = await answeredRequests(storage.read, {
    since: clock.now() - WINDOW_MS,
    ...(agentId === undefined ? { limit: MAX_REQUESTS } : { agentId, limit: MAX_OF_AGENT }),
  })
  const alike = Map.groupBy(requests, ({ action, agentId: agent }) => `${agent} ${action}`)
  return [...alike.values()]
    .flatMap((group) => habitOf(view, group) ?? [])
    .toSorted((a, b) => b.approvals - a.approvals)
    .slice(0, MAX_HABITS)
}

/** Counts the approvals of a habit that a call is like; nothing where there is none. */
export async function approvalsLike(
  parts: HabitParts,
  request: Pick<AnsweredCall, 'action' | 'agentId' | 'inspected'>,
): Promise<number | undefined> {
  const habits = await approvalHabits(parts, request.agentId)
  return habits.find((habit) => isHabitual(habit, request))?.approvals
}

/** Tells whether a call keeps all limits of a habit. */
export function isHabitual(
  { action, agent, limits }: ApprovalHabit,
  request: Pick<AnsweredCall, 'action' | 'agentId' | 'inspected'>,
): boolean {
  if (request.action !== action || request.agentId !== agent) return false
  const texts = new Map(request.inspected?.map(({ path, text }) => [path, text]))
  return limits.every(({ op, path, values }) => {
    const text = texts.get(path)
    if (text === undefined) return false
    return op === 'in' ? values.includes(text) : Number(text) <= Number(values[0])
  })
}

function habitOf(view: CatalogView, group: readonly AnsweredCall[]): ApprovalHabit | undefined {
  const [first] = group
  const resource = view.resources.get(first?.resource ?? '')
  // Policies cannot limit an argument with parts that they do not see.
  const approved = group.filter(({ inspected, state }) => state === 'approved' && inspected)
  if (!first || !resource || !view.actions.has(first.action) || approved.length < MIN_CALLS)
    return undefined
  const location = resource.identifier
  const used = new CallUsage(view.kindOf)
  for (const { inspected } of approved)
    used.addTexts(
      { action: first.action, location },
      (inspected ?? []).flatMap(({ kind, path, text }) =>
        kind === 'list' || kind === 'object' ? [] : [[path, text] as const],
      ),
    )
  const limits = used.actions().flatMap((each) => limitsSeen(each, view.kindOf))
  const bounded = new Set(limits.map(({ path }) => path))
  const asked = approved.map(({ ask }) => ask.forbids.map(({ id }) => id))
  const rules = (asked[0] ?? []).filter((id) => asked.every((ids) => ids.includes(id)))
  const habit = {
    agent: first.agentId,
    action: first.action,
    resource: resource.name,
    approvals: approved.length,
    last: Math.max(...approved.map(({ answeredAt }) => answeredAt ?? 0)),
    limits,
    free: [
      ...new Set(approved.flatMap(({ inspected }) => (inspected ?? []).map(({ path }) => path))),
    ].filter((path) => !bounded.has(path)),
    rules,
  }
  const denied = group.filter(({ editedTo, state }) => state === 'denied' && editedTo === undefined)
  const isClear = limits.length > 0 && rules.length > 0
  return isClear && !denied.some((request) => isHabitual(habit, request)) ? habit : undefined
}

/** INVARIANT: no limit goes beyond what people approved. */
function limitsSeen(used: UsedAction, kindOf: KindOf): readonly SuggestedLimit[] {
  return used.arguments.flatMap(({ most, path, seen, values }): SuggestedLimit[] => {
    const kind = kindOf(used.location, used.action, path)
    if (!kind || seen < used.calls) return []
    const known = [...(values?.keys() ?? [])]
    if (known.length === 1) return [{ path, op: 'in', values: known, why: 'always', seen }]
    const isNumber = kind === 'integer' || kind === 'decimal'
    return most !== undefined && isNumber
      ? [{ path, op: 'most', values: [most], why: 'most', seen }]
      : []
  })
}
