import type { Action } from '../../catalog/catalog/index.ts'
import type { ApiParts } from './parts.ts'

/**
 * Details anywhere in a body, as they are stored: each name that an administrator gave an action is the action's own. Without names
 * that were given, it is the body itself.
 */
export async function withOwnNames<T>(parts: Pick<ApiParts, 'decisions'>, body: T): Promise<T> {
  const { actions } = await parts.decisions.catalog.current()
  return ownNamesIn(actions, body) as T // as: only names of actions are others
}

function ownNamesIn(actions: ReadonlyMap<string, Action>, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => ownNamesIn(actions, each))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      name === 'actions' && Array.isArray(member)
        ? [...new Set(member.map((each) => actions.get(each)?.name ?? each))]
        : ownNamesIn(actions, member),
    ]),
  )
}
