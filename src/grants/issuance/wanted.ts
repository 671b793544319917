import { type Detail, misfit, parseAuthority, parseDetails } from '@remit/engine'
import {
  Answers,
  actionsOfRequests,
  type CatalogView,
  detailsForScope,
  expandGroups,
} from '../../catalog/catalog/index.ts'
import { type Limit, misfitOfAnswers, readBudget } from '../../tasks/budgets/index.ts'
import type { FactParts } from '../../tasks/facts/index.ts'
import type { AuthorityRequest } from './authority.ts'
import { type GrantRefusal, isRefused, refused } from './refusal.ts'

/** RFC 6749 section 3.3, and no more than anyone needs. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/
const MAX_SCOPES = 64

/**
 * Reads what a request asks for as one list: its details, and its scopes as the catalog reads them.
 * `undefined`: nothing.
 */
export function readWanted(
  asked: { readonly details?: unknown; readonly scope?: string | undefined },
  catalog: CatalogView,
): readonly Detail[] | undefined | GrantRefusal {
  if (asked.details === undefined && asked.scope === undefined) return undefined
  const byDetails = asked.details === undefined ? [] : readDetails(asked.details, catalog)
  if (isRefused(byDetails)) return byDetails
  const byScope = asked.scope === undefined ? [] : readScope(asked.scope, catalog)
  return isRefused(byScope) ? byScope : [...byDetails, ...byScope]
}

/** Reads what an opening asks for: it may ask for what it hands on beside what it does. */
export function readAskedAuthority(
  asked: { readonly details?: unknown; readonly scope?: string | undefined },
  catalog: CatalogView,
): AuthorityRequest | undefined | GrantRefusal {
  if (asked.details === undefined && asked.scope === undefined) return undefined
  const parsed = parseAuthority(asked.details ?? [])
  if (!parsed.ok) return refused('task.bad_details', parsed.reason)
  const byDetails = fitting(parsed.calls, catalog)
  if (isRefused(byDetails)) return byDetails
  const delegates = parsed.delegates && fitting(parsed.delegates, catalog)
  if (isRefused(delegates)) return delegates
  const byScope = asked.scope === undefined ? [] : readScope(asked.scope, catalog)
  return isRefused(byScope) ? byScope : { calls: [...byDetails, ...byScope], delegates }
}

/** `budget` as it was sent. */
export function readLimits(budget: unknown, catalog: CatalogView): readonly Limit[] | GrantRefusal {
  const read = readBudget(budget, catalog)
  return read.ok ? read.limits : refused('task.bad_budget', read.reason)
}

/** Checks whether what answers say can settle them. */
export async function checkSettled(
  { storage }: Pick<FactParts, 'storage'>,
  limits: readonly Limit[],
): Promise<GrantRefusal | undefined> {
  const misfit = await misfitOfAnswers(limits, new Answers(storage.read))
  return misfit === undefined ? undefined : refused('task.bad_budget', misfit)
}

/** Whole seconds, from 1; `undefined`: as long as usual. */
export function readLife(lifeSeconds: number | undefined): GrantRefusal | undefined {
  if (lifeSeconds === undefined || (Number.isSafeInteger(lifeSeconds) && lifeSeconds >= 1))
    return undefined
  return refused('task.bad_life', 'a lifetime is a whole number of seconds, from 1')
}

function readDetails(given: unknown, catalog: CatalogView): readonly Detail[] | GrantRefusal {
  const parsed = parseDetails(given, 'remit_call')
  return parsed.ok ? fitting(parsed.details, catalog) : refused('task.bad_details', parsed.reason)
}

function fitting(given: readonly Detail[], catalog: CatalogView): readonly Detail[] | GrantRefusal {
  const named = actionsOfRequests(catalog, given)
  if (!named.ok)
    return refused('task.bad_details', `no named resource has the action \`${named.unknown}\``)
  const details = expandGroups(catalog, named.details)
  const wrong = misfit(details, catalog.kindOf)
  return wrong === undefined ? details : refused('task.bad_details', wrong)
}

function readScope(scope: string, catalog: CatalogView): readonly Detail[] | GrantRefusal {
  if (!SCOPE.test(scope) || scope.split(' ').length > MAX_SCOPES)
    return refused('task.bad_scope', 'the scope is malformed')
  const read = detailsForScope(catalog, scope)
  return read.ok ? read.details : refused('task.bad_scope', `there is no scope \`${read.unknown}\``)
}

/**
 * Lists those of the scopes asked for that anything was granted of, by the actions' own names; `undefined` when none was asked
 * for.
 */
export function grantedScope(
  scope: string | undefined,
  details: readonly Detail[],
  { actions: known }: Pick<CatalogView, 'actions'>,
): string | undefined {
  const granted = scope
    ?.split(' ')
    .map((name) => known.get(name)?.name ?? name)
    .filter((name) => details.some(({ actions }) => actions.includes(name)))
  return granted?.length ? [...new Set(granted)].join(' ') : undefined
}

/** The part of a list that is about these locations: one resource, or the members of a group. */
export function detailsAt(details: readonly Detail[], there: readonly string[]): readonly Detail[] {
  return details
    .map((detail) => ({
      ...detail,
      locations: there.filter((at) => detail.locations.includes(at)),
    }))
    .filter(({ locations }) => locations.length > 0)
}
