import { skeleton } from '../../platform/lib/text/alphabet.ts'
import type { Action, CatalogView, Resource } from '../catalog/index.ts'
import { nameInGroup } from './group-names.ts'

/** Tools, or prompts, of several members whose names a person or a model could take for each other. */
interface LookAlikes {
  /** Names of actions, in the order of the alphabet. */
  readonly actions: readonly string[]
  /**
   * `same`: they have one name on their servers. `alike`: the names differ, and look alike. `one`:
   * they would have one name in the group, which no administrator can allow.
   */
  readonly how: 'same' | 'alike' | 'one'
  /** Kept out of the group: an administrator has not let all of them in. */
  readonly held: boolean
}

/** Names in a group: their meanings, and how they are listed. */
export interface GroupNames {
  /** The action of a method and a name in the group; `undefined`: there is none, or it is held back. */
  find(method: string, name: string): Action | undefined
  readonly lookAlikes: readonly LookAlikes[]
  /** Lists the look-alikes that an action is one of. */
  of(action: string): readonly LookAlikes[]
}

/** Names of each group, as long as the catalog stays as it is. */
const known = new WeakMap<CatalogView, Map<string, GroupNames>>()

export function groupNames(view: CatalogView, group: Resource): GroupNames {
  const names = known.get(view) ?? new Map<string, GroupNames>()
  known.set(view, names)
  const found = names.get(group.name) ?? namesIn(view, group)
  names.set(group.name, found)
  return found
}

function namesIn(view: CatalogView, group: Resource): GroupNames {
  const named = view
    .at(group.identifier)
    .actions.filter(({ method }) => method !== 'resources/read')
  const lookAlikes = lookAlikesAmong(named, new Set(group.alike))
  const byAction = Map.groupBy(
    lookAlikes.flatMap((each) => each.actions.map((action) => ({ action, each }))),
    ({ action }) => action,
  )
  const of = (action: string) => (byAction.get(action) ?? []).map(({ each }) => each)
  const open = named.filter(({ name }) => !of(name).some(({ held }) => held))
  const byName = new Map(open.map((each) => [`${each.method} ${nameInGroup(each)}`, each]))
  return { find: (method, name) => byName.get(`${method} ${name}`), lookAlikes, of }
}

/** INVARIANT: what looks alike is told, and what could be mistaken is kept out, until an administrator says so. */
function lookAlikesAmong(
  actions: readonly Action[],
  letIn: ReadonlySet<string>,
): readonly LookAlikes[] {
  const found = new Map<string, LookAlikes>()
  const among = (how: (same: readonly Action[]) => LookAlikes['how'], key: typeof ofServer) => {
    const sets = Map.groupBy(actions, (each) => `${each.method} ${key(each)}`)
    for (const set of sets.values()) {
      const kind = how(set)
      const members = new Set(set.map(({ resource }) => resource)).size
      if (set.length < 2 || (members < 2 && kind !== 'one')) continue
      const names = set.map(({ name }) => name).sort()
      const held = kind === 'one' || (kind === 'alike' && !names.every((name) => letIn.has(name)))
      found.set(names.join(' '), { actions: names, how: kind, held })
    }
  }
  const isOnePath = (set: readonly Action[]) => new Set(set.map(({ path }) => path)).size === 1
  among((set) => (isOnePath(set) ? 'same' : 'alike'), ofServer)
  among(() => 'alike', inGroup)
  among(() => 'one', nameInGroup)
  return [...found.values()]
}

function ofServer({ path }: Action): string {
  return skeleton(path)
}

function inGroup(action: Action): string {
  return skeleton(nameInGroup(action))
}
