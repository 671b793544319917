import {
  keptKeys,
  type Live,
  type LiveKey,
  type LiveView,
} from '../../../platform/revocation/index.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { AuthzenProblem } from '../problems.ts'
import { LoadedOnlySet } from './loaded-set.ts'
import { ONLY_LIMITS, onlySetKey } from './only-set.ts'
import { latestOnlySet } from './set-store.ts'

interface HeldSet {
  readonly keys: readonly LiveKey[]
  readonly epoch: number
  readonly set: Promise<LoadedOnlySet>
  /** Loaded set, once it is there. */
  loaded?: LoadedOnlySet
}

/** The version in force, with the view that says until when it is. */
export interface CurrentSet {
  readonly set: LoadedOnlySet
  readonly view: LiveView
}

/** Policy-only sets in force, loaded. One for each process; the least recently used go first. */
export class OnlySets {
  readonly #storage: Storage
  readonly #live: Pick<Live, 'view' | 'viewAtHand'>
  readonly #held = new Map<string, HeldSet>()

  constructor(parts: {
    readonly storage: Storage
    readonly live: Pick<Live, 'view' | 'viewAtHand'>
  }) {
    this.#storage = parts.storage
    this.#live = parts.live
  }

  /** Finds the current set without I/O: `undefined` where something has to be read or loaded. */
  atHand(name: string): CurrentSet | undefined {
    const held = this.#held.get(name)
    const view = held && this.#live.viewAtHand(held.keys)
    if (!view || !held.loaded || held.epoch < epochOf(view)) return undefined
    this.#hold(name, held)
    return { set: held.loaded, view }
  }

  /**
   * @throws Problem `policy_set.unknown`; whatever keeps it from being loaded, so that nothing is decided
   */
  async current(name: string): Promise<CurrentSet> {
    const keys = keptKeys([onlySetKey(name)])
    const view = await this.#live.view(keys)
    const epoch = epochOf(view)
    const known = this.#held.get(name)
    const held: HeldSet =
      known && known.epoch >= epoch ? known : { keys, epoch, set: this.#load(name) }
    this.#hold(name, held)
    this.#trim()
    try {
      const set = await held.set
      held.loaded = set
      return { set, view }
    } catch (error) {
      if (this.#held.get(name) === held) this.#held.delete(name)
      throw error
    }
  }

  #hold(name: string, held: HeldSet): void {
    this.#held.delete(name)
    this.#held.set(name, held)
  }

  async #load(name: string): Promise<LoadedOnlySet> {
    const set = await latestOnlySet(this.#storage.read, name)
    if (!set) throw new AuthzenProblem('policy_set.unknown', `there is no policy set \`${name}\``)
    return new LoadedOnlySet(set)
  }

  #trim(): void {
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= ONLY_LIMITS.loaded) return
      this.#held.delete(oldest)
    }
  }
}

function epochOf({ states: [state] }: LiveView): number {
  return state?.epoch ?? 0
}
