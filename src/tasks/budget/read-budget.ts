import { exact } from '@remit/engine'
import { type CatalogView, kindAt } from '../../catalog/index.ts'
import { ExactNumber } from '../../lib/json.ts'
import type { Limit } from '../task.ts'

export type ReadBudget =
  | { readonly ok: true; readonly limits: readonly Limit[] }
  /** Says where and what, for whoever wrote it. */
  | { readonly ok: false; readonly reason: string }

export const MOST_LIMITS = 8

class Refusal extends Error {}

/**
 * Reads the budget of a task as it comes from outside, plain objects or Maps:
 * `[{"limit":"calls","max":20}, {"limit":"sum","action":"orders.refund","path":"/amount","max":"500.00"}]`.
 * Nothing at all (`undefined`) is no limit. Strict: what is not known is refused, never ignored.
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
  if (value.length > MOST_LIMITS)
    throw new Refusal(`budget has ${value.length} limits, ${MOST_LIMITS} at most`)
  return Array.from(value)
}

function limitFrom(value: unknown, where: string, catalog: Pick<CatalogView, 'actions'>): Limit {
  const members = membersOf(value, where)
  switch (members.get('limit')) {
    case 'calls':
      requireOnly(members, where, ['limit', 'max'])
      return { name: 'calls', kind: 'calls', most: callsFrom(members.get('max'), `${where}.max`) }
    case 'sum':
      requireOnly(members, where, ['limit', 'action', 'path', 'max'])
      return sumFrom(members, where, catalog)
    default:
      throw new Refusal(`${where}.limit must be calls or sum`)
  }
}

/** The name says what is counted, so the same limit has the same name wherever it stands in the tree. */
function sumFrom(
  members: ReadonlyMap<unknown, unknown>,
  where: string,
  catalog: Pick<CatalogView, 'actions'>,
): Limit {
  const [action, path, max] = ['action', 'path', 'max'].map((name) => members.get(name))
  const known = typeof action === 'string' ? catalog.actions.get(action) : undefined
  if (!known) throw new Refusal(`${where}.action is not an action of the catalog`)
  const kind = typeof path === 'string' ? kindAt(known, path) : undefined
  if (typeof path !== 'string' || (kind !== 'integer' && kind !== 'decimal'))
    throw new Refusal(`${where}.path must point at an integer or decimal argument of ${known.name}`)
  return {
    name: `${known.name}${path}`,
    kind: 'sum',
    action: known.name,
    path,
    most: sumOf(max, `${where}.max`),
  }
}

/** A whole number from 1. As JSON, because it counts; sums are text, because they are money. */
function callsFrom(value: unknown, where: string): string {
  const text = value instanceof ExactNumber ? value.text : String(value)
  const read = typeof value === 'number' || value instanceof ExactNumber
  if (!read || !/^[1-9][0-9]{0,8}$/.test(text))
    throw new Refusal(`${where} must be a whole number from 1 to 999999999`)
  return text
}

function sumOf(value: unknown, where: string): string {
  const amount = typeof value === 'string' ? exact('decimal', value)?.key : undefined
  if (typeof value !== 'string' || typeof amount !== 'bigint' || amount <= 0n)
    throw new Refusal(
      `${where} must be text like "500.00", more than 0, with at most 4 fractional digits`,
    )
  return value
}

function membersOf(value: unknown, where: string): ReadonlyMap<unknown, unknown> {
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
