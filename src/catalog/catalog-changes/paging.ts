import type { Action } from '../catalog/index.ts'

/** Names of arguments that say which part of a list is shown. Compared without case, `_` and `-`. */
const PAGING = new Set([
  'cursor',
  'maxresults',
  'offset',
  'page',
  'pagenumber',
  'pagesize',
  'pagetoken',
  'perpage',
  'skip',
  'startindex',
])
const SEARCHING = new Set(['filter', 'q', 'query', 'search'])

/**
 * Tells whether an argument of an action says which part of a list is shown: that weighs nothing,
 * and no rule needs to bound it. `limit` alone may be one of a card: it belongs to a page where
 * something is read or searched, or beside another such argument.
 */
export function isPaging(action: Pick<Action, 'access' | 'arguments'>, argument: string): boolean {
  const name = comparableName(argument)
  if (PAGING.has(name)) return true
  if (name !== 'limit') return false
  if (action.access === 'read') return true
  const beside = action.arguments.arguments.map((each) => comparableName(each.name))
  return beside.some((each) => PAGING.has(each) || SEARCHING.has(each))
}

/** Writes a name as names are compared: `per_page`, `perPage` and `PER-PAGE` are one. */
export function comparableName(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, '')
}
