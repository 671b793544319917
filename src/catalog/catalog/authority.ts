import { type Detail, matchAction, RISKS } from '@remit/engine'
import type { CatalogView } from './catalog.ts'
import { givenNames } from './named-actions.ts'
import { type Action, countedAccess, countedRisk } from './resource.ts'

export type ScopeResult =
  | { readonly ok: true; readonly details: readonly Detail[] }
  | { readonly ok: false; readonly unknown: string }

/**
 * OAuth scopes as details (contract 2): each scope is one action without bounds, at the resource it belongs to. `location` narrows to
 * one resource (RFC 8707).
 */
export function detailsForScope(view: CatalogView, scope: string, location?: string): ScopeResult {
  const details: Detail[] = []
  for (const name of new Set(scope.split(' ').filter((part) => part !== ''))) {
    const action = view.actions.get(name)
    const resource = action && view.resources.get(action.resource)
    if (!action || !resource || (location !== undefined && resource.identifier !== location)) {
      return { ok: false, unknown: name }
    }
    details.push({
      type: 'remit_call',
      locations: [resource.identifier],
      actions: [action.name],
      bounds: [],
    })
  }
  return { ok: true, details }
}

/** Names of groups that a detail may have in place of single actions. */
export const ACTION_GROUPS: readonly string[] = [
  'read',
  'write',
  ...RISKS.map((risk) => `risk:${risk}`),
]

/** Groups that an action is in. Each name that an administrator gave it is a group with this one action, so that rules can say it. */
export function groupsOf(
  action: Pick<Action, 'access' | 'risk'> &
    Partial<Pick<Action, 'riskProposed' | 'definition' | 'name' | 'names'>>,
): readonly string[] {
  return [countedAccess(action), `risk:${countedRisk(action)}`, ...givenNames(action)]
}

/**
 * Action groups in details (`read`, `risk:low` …) become the actions that are in them now, at the locations named; names that
 * administrators gave become the actions' own. Done when something
 * is granted, so that a grant never grows with the catalog. A group without actions grants nothing.
 */
export function expandGroups(view: CatalogView, details: readonly Detail[]): readonly Detail[] {
  return details
    .map((detail) => ({ ...detail, actions: expand(view, detail) }))
    .filter(({ actions }) => actions.length > 0)
}

function expand(view: CatalogView, { actions, locations }: Detail): readonly string[] {
  const expanded = new Set<string>()
  for (const name of actions) {
    if (!ACTION_GROUPS.includes(name)) {
      expanded.add(view.actions.get(name)?.name ?? name)
      continue
    }
    for (const location of locations) {
      const resource = view.byIdentifier.get(location)
      for (const action of resource ? view.actionsOf(resource.name) : []) {
        if (groupsOf(action).includes(name)) expanded.add(action.name)
      }
    }
  }
  return [...expanded]
}

/** A request that is meant to be made: method and path, as they will be sent. */
const REQUEST = /^([A-Z]{1,16}):(\/[^?#\s]*)$/

export type RequestsResult =
  | { readonly ok: true; readonly details: readonly Detail[] }
  | { readonly ok: false; readonly unknown: string }

/**
 * Requests in details (`GET:/orders/1042`) become the actions that they call at the locations named: for agents that know what they
 * want to call, and not what it is called here. Done when something is asked for, as with groups.
 */
export function actionsOfRequests(view: CatalogView, details: readonly Detail[]): RequestsResult {
  const named: Detail[] = []
  for (const detail of details) {
    const actions: string[] = []
    for (const name of detail.actions) {
      const found = REQUEST.test(name) ? calledBy(view, detail.locations, name) : [name]
      if (found.length === 0) return { ok: false, unknown: name }
      actions.push(...found)
    }
    named.push({ ...detail, actions: [...new Set(actions)] })
  }
  return { ok: true, details: named }
}

function calledBy(view: CatalogView, locations: readonly string[], request: string): string[] {
  const [, method = '', path = ''] = REQUEST.exec(request) ?? []
  const segments = segmentsOf(path)
  if (!segments) return []
  return locations.flatMap((location) => {
    const resource = view.byIdentifier.get(location)
    if (resource?.protocol !== 'http') return []
    const match = matchAction(view.actionsOf(resource.name), method, segments)
    return match ? [match.action.name] : []
  })
}

function segmentsOf(path: string): readonly string[] | undefined {
  try {
    return path.slice(1).split('/').map(decodeURIComponent)
  } catch {
    return undefined
  }
}
