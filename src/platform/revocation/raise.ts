import type { Storage, Tx } from '../storage/index.ts'
import { recordChanges } from './change-store.ts'
import { orderRaises, raiseEpochs } from './epoch-store.ts'
import { type Change, keyText, type LiveKey, type LiveState } from './live-state.ts'

/**
 * Change of a key. Without `state` only the epoch is raised: earlier reads are void, and
 * nothing else changes.
 */
export type Raise = LiveKey & { readonly state?: LiveState['state'] }

/**
 * Strength of states: when one key is raised twice in one change, the state that permits less wins.
 */
const STRENGTH = { active: 0, suspended: 1, ended: 2 } as const

/**
 * Raises epochs within the caller's transaction. Call it last there: from here to the commit, raises of other
 * transactions wait on PostgreSQL. A key that has no row yet gets one, `ended` unless a state is given.
 */
export async function raise(
  tx: Tx,
  engine: Storage['engine'],
  raises: readonly Raise[],
  at: number,
): Promise<Change> {
  if (raises.length === 0) return { through: 0, states: [] }
  await orderRaises(tx, engine)
  const states: LiveState[] = []
  for (const [state, keys] of Map.groupBy(merged(raises), (each) => each.state))
    states.push(...(await raiseEpochs(tx, keys, state)))
  return { through: await recordChanges(tx, states, at), states }
}

function merged(raises: readonly Raise[]): readonly Raise[] {
  const strongest = new Map<string, Raise>()
  for (const each of raises) {
    const text = keyText(each)
    const known = strongest.get(text)
    if (!known || strength(each) > strength(known)) strongest.set(text, each)
  }
  return [...strongest.values()]
}

function strength({ state }: Raise): number {
  return state ? STRENGTH[state] : -1
}
