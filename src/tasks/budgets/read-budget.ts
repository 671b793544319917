import { exact } from '@remit/engine'
import { type CatalogView, kindAt } from '../../catalog/catalog/index.ts'
import { ExactNumber } from '../../platform/lib/json.ts'
import { DAY_SECONDS } from '../../platform/lib/time-units.ts'
import { LARGEST_AMOUNT, mostOf } from './amount.ts'
import type { Limit, SettledKind } from './limit.ts'
import { limitName } from './limit-name.ts'
import { answerPath, reserveOf } from './read-settled.ts'

export type ReadBudget =
  | { readonly ok: true; readonly limits: readonly Limit[] }
  /** Names the place and the fault, for the author. */
  | { readonly ok: false; readonly reason: string }

export const MAX_LIMITS = 8
/** A leap year. */
const MAX_WINDOW = 366 * DAY_SECONDS

class Refusal extends Error {}

/**
 * Reads the budget of a task as it comes from outside, plain objects or Maps:
 * `[{"limit":"calls","max":20}, {"limit":"sum","action":"orders.refund","path":"/amount","max":"500.00","seconds":86400},
 * {"limit":"rows","action":"crm.search","path":"/customers","max":5000,"reserve":"/limit"}]`.
 * Nothing at all (`undefined`) is no limit. Strict: an unknown member is refused, never ignored.
 */
export function readBudget(value: unknown, catalog: Pick<CatalogView, 'actions'>): ReadBudget {
  if (value === undefined) return { ok: true, limits: [] }
  try {
    const limits = items(value).map((item, i) => limitFrom(item, `budget[${i}]`, catalog))
    const names = limits.map(({ name }) => name)
    const twice = names.find((name, i) => names.indexOf(name) !== i)
    if (twice !== undefined) throw new Refusal(`budget limits ${twice} twice`)
    return { ok: true, limits }
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.message }
    throw error
  }
}

function items(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new Refusal('budget must be a list')
  if (value.length > MAX_LIMITS)
    throw new Refusal(`budget has ${value.length} limits, ${MAX_LIMITS} at most`)
  return Array.from(value)
}

function limitFrom(value: unknown, where: string, catalog: Pick<CatalogView, 'actions'>): Limit {
  const members = budgetMembers(value, where)
  switch (members.get('limit')) {
    case 'calls':
      requireOnly(members, where, ['limit', 'max', 'action', 'seconds'])
      return callsLimit(members, where, catalog)
    case 'sum':
      requireOnly(members, where, ['limit', 'action', 'path', 'max', 'seconds'])
      return sumLimit(members, where, catalog)
    case 'charged':
    case 'rows': {
      requireOnly(members, where, ['limit', 'action', 'path', 'max', 'reserve', 'seconds'])
      const kind = members.get('limit') === 'rows' ? 'rows' : 'charged'
      return settledLimit(kind, members, where, catalog)
    }
    default:
      throw new Refusal(`${where}.limit must be calls, sum, charged or rows`)
  }
}

type Members = ReadonlyMap<unknown, unknown>

function callsLimit(members: Members, where: string, catalog: Pick<CatalogView, 'actions'>): Limit {
  const counted = {
    kind: 'calls',
    ...(members.has('action') ? { action: actionFrom(members, where, catalog).name } : {}),
    ...secondsFrom(members, where),
  } as const
  const most = callsFrom(members.get('max'), `${where}.max`)
  return { name: limitName(counted), ...counted, most }
}

function sumLimit(members: Members, where: string, catalog: Pick<CatalogView, 'actions'>): Limit {
  const path = members.get('path')
  const known = actionFrom(members, where, catalog)
  const kind = typeof path === 'string' ? kindAt(known, path) : undefined
  if (typeof path !== 'string' || (kind !== 'integer' && kind !== 'decimal'))
    throw new Refusal(`${where}.path must point at an integer or decimal argument of ${known.name}`)
  const seconds = secondsFrom(members, where)
  const counted = { kind: 'sum', action: known.name, path, ...seconds } as const
  return { name: limitName(counted), ...counted, most: sumOf(members.get('max'), `${where}.max`) }
}

/** One whose amounts the answers say. */
function settledLimit(
  kind: SettledKind,
  members: Members,
  where: string,
  catalog: Pick<CatalogView, 'actions'>,
): Limit {
  const action = actionFrom(members, where, catalog)
  const at = answerPath(kind, members.get('path'), action)
  if ('wrong' in at) throw new Refusal(`${where}.path ${at.wrong}`)
  const given = reserveOf(kind, members.get('reserve'), action)
  if ('wrong' in given) throw new Refusal(`${where}.reserve ${given.wrong}`)
  const counted = { kind, action: action.name, ...at, ...secondsFrom(members, where) }
  const max = members.get('max')
  const most = kind === 'rows' ? callsFrom(max, `${where}.max`) : sumOf(max, `${where}.max`)
  const limit = { name: limitName(counted), ...counted, ...given, most }
  if (mostOf(limit) > LARGEST_AMOUNT)
    throw new Refusal(`${where}.max is more than can be counted of answers`)
  return limit
}

function actionFrom(members: Members, where: string, catalog: Pick<CatalogView, 'actions'>) {
  const action = members.get('action')
  const known = typeof action === 'string' ? catalog.actions.get(action) : undefined
  if (!known) throw new Refusal(`${where}.action is not an action of the catalog`)
  return known
}

/** A limit for any so many seconds, where they are said. */
function secondsFrom(members: Members, where: string): Pick<Limit, 'seconds'> {
  if (!members.has('seconds')) return {}
  const text = wholeNumber(members.get('seconds'))
  const seconds = Number(text)
  if (text === undefined || seconds > MAX_WINDOW)
    throw new Refusal(`${where}.seconds must be a whole number from 1 to ${MAX_WINDOW}`)
  return { seconds }
}

/** A whole number from 1. As JSON, because it counts; sums are text, because they are money. */
function callsFrom(value: unknown, where: string): string {
  const text = wholeNumber(value)
  if (text === undefined) throw new Refusal(`${where} must be a whole number from 1 to 999999999`)
  return text
}

function wholeNumber(value: unknown): string | undefined {
  const text = value instanceof ExactNumber ? value.text : String(value)
  const read = typeof value === 'number' || value instanceof ExactNumber
  return read && /^[1-9][0-9]{0,8}$/.test(text) ? text : undefined
}

function sumOf(value: unknown, where: string): string {
  const amount = typeof value === 'string' ? exact('decimal', value)?.key : undefined
  if (typeof value !== 'string' || typeof amount !== 'bigint' || amount <= 0n)
    throw new Refusal(
      `${where} must be text like "500.00", more than 0, with at most 4 fractional digits`,
    )
  return value
}

function budgetMembers(value: unknown, where: string): ReadonlyMap<unknown, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Refusal(`${where} must be an object`)
  return value instanceof Map ? value : new Map(Object.entries(value))
}

function requireOnly(
  members: ReadonlyMap<unknown, unknown>,
  where: string,
  known: readonly string[],
): void {
  for (const name of members.keys()) {
    if (typeof name !== 'string' || !known.includes(name))
      throw new Refusal(`${where} has an unknown member; known are ${known.join(', ')}`)
  }
}
