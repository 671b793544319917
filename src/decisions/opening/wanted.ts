import { type Detail, misfit, parseDetails } from '@remit/engine'
import { type CatalogView, detailsForScope, expandGroups } from '../../catalog/index.ts'
import { type Refused, refused } from './opening.ts'

/** RFC 6749 section 3.3, and no more than anyone needs. */
const SCOPE = /^[\x21\x23-\x5B\x5D-\x7E]+(?: [\x21\x23-\x5B\x5D-\x7E]+)*$/
const MOST_SCOPES = 64

/** What a request asks for, as one list: its details, and its scopes as the catalog reads them. `undefined`: nothing. */
export function readWanted(
  asked: { readonly details?: unknown; readonly scope?: string | undefined },
  catalog: CatalogView,
): readonly Detail[] | undefined | Refused {
  if (asked.details === undefined && asked.scope === undefined) return undefined
  const byDetails = asked.details === undefined ? [] : readDetails(asked.details, catalog)
  if (isRefused(byDetails)) return byDetails
  const byScope = asked.scope === undefined ? [] : readScope(asked.scope, catalog)
  return isRefused(byScope) ? byScope : [...byDetails, ...byScope]
}

function readDetails(given: unknown, catalog: CatalogView): readonly Detail[] | Refused {
  const parsed = parseDetails(given, 'remit_call')
  if (!parsed.ok) return refused('task.bad_details', parsed.reason)
  const details = expandGroups(catalog, parsed.details)
  const wrong = misfit(details, catalog.kindOf)
  return wrong === undefined ? details : refused('task.bad_details', wrong)
}

function readScope(scope: string, catalog: CatalogView): readonly Detail[] | Refused {
  if (!SCOPE.test(scope) || scope.split(' ').length > MOST_SCOPES)
    return refused('task.bad_scope', 'the scope is malformed')
  const read = detailsForScope(catalog, scope)
  return read.ok ? read.details : refused('task.bad_scope', `\`${read.unknown}\` is not offered`)
}

export function isRefused<T extends object>(value: T | undefined | Refused): value is Refused {
  return value !== undefined && 'outcome' in value && value.outcome === 'refused'
}

/** Those of the scopes asked for that anything was granted of; `undefined` when none was asked for. */
export function grantedScope(
  scope: string | undefined,
  details: readonly Detail[],
): string | undefined {
  const granted = scope
    ?.split(' ')
    .filter((name) => details.some(({ actions }) => actions.includes(name)))
  return granted?.length ? [...new Set(granted)].join(' ') : undefined
}

/** The part of a list that is about one resource. */
export function detailsAt(details: readonly Detail[], identifier: string): readonly Detail[] {
  return details
    .filter(({ locations }) => locations.includes(identifier))
    .map((detail) => ({ ...detail, locations: [identifier] }))
}
