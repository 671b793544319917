import type { Detail } from '@remit/engine'
import { type CatalogView, detailsForScope, type Resource } from '../../catalog/catalog/index.ts'
import { parseJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { detailsAt, type GrantRefusal, isRefused, readWanted, refused } from '../issuance/index.ts'
import type { Authorization } from './authorization.ts'

/** Longest parameter, so that a stranger's request is bounded work. */
const MAX_LENGTH = 16_384

/**
 * `authorization_details` of a request at the authorization endpoint (RFC 9396), as it was sent: details of the one resource that is
 * asked for, and nothing to hand on: there is no task token to hand it on with.
 */
export function readAskedDetails(
  catalog: CatalogView,
  text: string,
  resource: string,
): readonly Detail[] | GrantRefusal {
  if (text.length > MAX_LENGTH)
    return refused('task.bad_details', `the details are longer than ${MAX_LENGTH} characters`)
  try {
    // Strict first: `JSON.parse` would take the last of two equal names and any depth.
    parseJson(text)
  } catch (cause) {
    if (cause instanceof Problem) return refused('task.bad_details', cause.detail)
    throw cause
  }
  const read = readWanted({ details: JSON.parse(text) }, catalog)
  if (isRefused(read)) return read
  const there = catalog.at(resource).locations
  const here = detailsAt(read ?? [], there)
  const elsewhere = read?.some(({ locations }) => locations.some((each) => !there.includes(each)))
  if (here.length === 0 || elsewhere)
    return refused('task.bad_details', 'every detail must be about the requested `resource`')
  return here
}

/** Tells whether a client says what it wants: details, or a scope that is ours. Otherwise it takes whatever a person leaves it. */
export function saysWhat(
  catalog: CatalogView,
  resource: Resource,
  { askedDetails, scope }: Pick<Authorization, 'askedDetails' | 'scope'>,
): boolean {
  return askedDetails !== null || knownScopes(catalog, resource, scope).length > 0
}

function knownScopes(catalog: CatalogView, resource: Resource, scope: string | null): string[] {
  const actions = catalog.at(resource.identifier).actions.map(({ name }) => name)
  return (scope ?? '')
    .split(' ')
    .filter((name) => actions.includes(catalog.actions.get(name)?.name ?? ''))
}

/**
 * Each action by its name as scope (contract 2), and the details as they are. Clients that know nothing but the address ask for
 * nothing, or for scopes that are not ours (`offline_access`, `mcp:tools`): those are ignored here, and a request without any means
 * everything the resource has, for the person to choose from.
 */
export function askedAt(
  catalog: CatalogView,
  resource: Resource,
  { askedDetails, scope }: Pick<Authorization, 'askedDetails' | 'scope'>,
): readonly Detail[] {
  const actions = catalog.at(resource.identifier).actions.map(({ name }) => name)
  const known = knownScopes(catalog, resource, scope)
  const details =
    askedDetails === null ? [] : readAskedDetails(catalog, askedDetails, resource.identifier)
  // The catalog may have changed since it was checked.
  if (isRefused(details)) return []
  if (askedDetails !== null && known.length === 0) return details
  const read = detailsForScope(catalog, (known.length > 0 ? known : actions).join(' '))
  return [...details, ...(read.ok ? read.details : [])]
}
