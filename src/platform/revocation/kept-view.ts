import type { LiveKey, LiveView } from './live-state.ts'
import type { StateCache } from './state-cache.ts'

interface KeptView {
  readonly view: LiveView
  readonly cache: StateCache
  /** Generation of the cache in which every state was looked up by its key. */
  readonly generation: number
}

/** Views by the very list of keys that they are of. */
const kept = new WeakMap<readonly LiveKey[], KeptView | undefined>()

/** Makes a list of keys that is asked about again and again: its view is found by the list itself. */
export function keptKeys(keys: readonly LiveKey[]): readonly LiveKey[] {
  kept.set(keys, undefined)
  return keys
}

/** Finds the view that the same list got before, as long as each of its states is current. */
export function keptView(keys: readonly LiveKey[], cache: StateCache): LiveView | undefined {
  const before = kept.get(keys)
  return before?.cache === cache &&
    before.generation === cache.generation &&
    cache.areCurrent(before.view.states)
    ? before.view
    : undefined
}

/** Keeps the view of a list that `keptKeys` made; forgets that of any other. */
export function keepView(keys: readonly LiveKey[], view: LiveView, cache: StateCache): LiveView {
  if (kept.has(keys)) kept.set(keys, { view, cache, generation: cache.generation })
  return view
}
