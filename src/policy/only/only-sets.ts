import { Problem } from '../../lib/problem.ts'
import type { Live, LiveView } from '../../live/index.ts'
import type { Storage } from '../../storage/index.ts'
import { LoadedOnlySet } from './loaded-set.ts'
import { ONLY_LIMITS, onlySetKey } from './only-set.ts'
import { latestOnlySet } from './set-store.ts'

interface Held {
  readonly epoch: number
  readonly set: Promise<LoadedOnlySet>
}

/** Policy-only sets in force, loaded. One for each process; the least recently used go first. */
export class OnlySets {
  readonly #storage: Storage
  readonly #live: Pick<Live, 'view'>
  readonly #held = new Map<string, Held>()

  constructor(parts: { readonly storage: Storage; readonly live: Pick<Live, 'view'> }) {
    this.#storage = parts.storage
    this.#live = parts.live
  }

  /**
   * The version in force, with the view that says until when it is.
   * @throws Problem `policy_set.unknown`; whatever keeps it from being loaded, so that nothing is decided
   */
  async current(name: string): Promise<{ set: LoadedOnlySet; view: LiveView }> {
    const view = await this.#live.view([onlySetKey(name)])
    const epoch = view.states[0]?.epoch ?? 0
    const known = this.#held.get(name)
    const held = known && known.epoch >= epoch ? known : { epoch, set: this.#load(name) }
    this.#held.delete(name)
    this.#held.set(name, held)
    this.#trim()
    try {
      return { set: await held.set, view }
    } catch (error) {
      if (this.#held.get(name) === held) this.#held.delete(name)
      throw error
    }
  }

  async #load(name: string): Promise<LoadedOnlySet> {
    const set = await latestOnlySet(this.#storage.read, name)
    if (!set) throw new Problem('policy_set.unknown', `there is no policy set \`${name}\``)
    return new LoadedOnlySet(set)
  }

  #trim(): void {
    for (const oldest of this.#held.keys()) {
      if (this.#held.size <= ONLY_LIMITS.loaded) return
      this.#held.delete(oldest)
    }
  }
}
