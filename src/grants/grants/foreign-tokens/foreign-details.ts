import { type Bound, DETAIL_LIMITS, type Detail, parseDetails } from '@remit/engine'
import { type CatalogView, detailsForScope } from '../../../catalog/catalog/index.ts'
import {
  claimAt,
  claimPointer,
  type DetailRule,
  holds,
  type VerifiedToken,
} from '../../../identity/issuers/index.ts'
import { pointerTo } from '../../../platform/lib/json-pointer.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { isRefused, readWanted } from '../../issuance/index.ts'

type Element = Readonly<Record<string, unknown>>

/**
 * Reads what an access token of another server says may be done, as details of ours: the meaning of
 * its scopes in the catalog, and the result of the rules of its registration for its
 * `authorization_details` (RFC 9396). Values without a meaning here grant nothing.
 * @throws Problem `token.malformed`
 */
export function foreignDetails(
  { claims, issuer }: VerifiedToken,
  catalog: CatalogView,
): readonly Detail[] {
  const { authorization_details: said, scope } = claims
  const rules = issuer.access?.details ?? []
  if (said !== undefined && rules.length > 0 && !isElements(said))
    throw new Problem('token.malformed', '`authorization_details` is no list of objects')
  const elements = isElements(said) ? said : []
  const byRule = elements.flatMap((element) => rules.flatMap((rule) => given(rule, element)))
  return [...ofScope(catalog, scope), ...byRule.flatMap((detail) => fitting(detail, catalog))]
}

function isElements(value: unknown): value is readonly Element[] {
  return (
    Array.isArray(value) &&
    value.length <= DETAIL_LIMITS.detailsIn &&
    value.every((each) => typeof each === 'object' && each !== null && !Array.isArray(each))
  )
}

function ofScope(catalog: CatalogView, scope: unknown): readonly Detail[] {
  const names = typeof scope === 'string' ? scope.split(' ') : []
  const known = names.filter((name) => catalog.actions.has(name))
  const read = detailsForScope(catalog, known.join(' '))
  return known.length > 0 && read.ok ? read.details : []
}

/**
 * Reads a detail; one that the catalog cannot read, or a bound on an amount that is none, gives
 * nothing.
 */
function fitting(detail: unknown, catalog: CatalogView): readonly Detail[] {
  const read = readWanted({ details: [detail] }, catalog)
  return read === undefined || isRefused(read) ? [] : read
}

function given(rule: DetailRule, element: Element): readonly unknown[] {
  if (element.type !== rule.type || !rule.when.every((test) => holds(test, element))) return []
  if (!rule.gives) return parseDetails([element], 'remit_call').ok ? [element] : []
  const { actions, bounds, location } = rule.gives
  if (!isUnderstood(rule, rule.gives, element)) return []
  const made = bounds.map(({ from, op, path }) => ({ path, op, value: valueAt(element, from, op) }))
  if (made.some(({ value }) => value === undefined)) return []
  return [{ type: 'remit_call', locations: [location], actions, bounds: made }]
}

/**
 * INVARIANT: each member of an element is read by a condition, makes a bound, or is listed as ignored. An unforeseen
 * member could narrow it.
 */
function isUnderstood(
  { when }: DetailRule,
  { bounds, ignores }: NonNullable<DetailRule['gives']>,
  element: Element,
): boolean {
  const looked = new Set([
    '/type',
    ...when.map(({ claim }) => claimPointer(claim)),
    ...bounds.map(({ from }) => claimPointer(from)),
  ])
  const nothing = ignores.map(claimPointer)
  return leavesOf(element, '').every(
    (leaf) =>
      looked.has(leaf) || nothing.some((each) => leaf === each || leaf.startsWith(`${each}/`)),
  )
}

/** Lists JSON Pointers to values that are no objects with members; a list is one value. */
function leavesOf(value: unknown, at: string): readonly string[] {
  const members =
    typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.entries(value)
      : []
  if (members.length === 0) return [at]
  return members.flatMap(([name, member]) => leavesOf(member, `${at}${pointerTo(name)}`))
}

function valueAt(element: Element, from: string, op: Bound['op']): string | string[] | undefined {
  const said = claimAt(element, from)
  if (op !== 'in') return claimText(said)
  if (!Array.isArray(said) || said.length === 0) return undefined
  const texts = said.map(claimText)
  return texts.every((text) => text !== undefined) ? texts : undefined
}

/** Numbers of claims are JavaScript's: only those that are exact as they are written mean something. */
function claimText(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value !== 'number' || Math.abs(value) > 1e11) return undefined
  return /^-?\d{1,12}(?:\.\d{1,4})?$/.test(String(value)) ? String(value) : undefined
}
