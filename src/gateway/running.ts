import { type Repetition, repeat } from '../lib/repeat.ts'
import type { Live } from '../live/index.ts'

/** Why we ended a call: what it stands on is no longer alive, the gateway is going down, or nobody waits for the answer. */
export type Cut = 'ended' | 'stopping' | 'abandoned'

/** How often running answers are looked at for what no event tells: a lease that ran out, a deadline that passed. */
const LOOK_EVERY_MS = 250

interface Watched {
  readonly lives: () => boolean
  readonly cut: (reason: Cut) => void
}

/** Every answer that is streaming now. Cut as soon as what it stands on has changed. */
export class Running {
  readonly #watched = new Set<Watched>()
  readonly #stopListening: () => void
  readonly #looking: Repetition
  #stopped = false

  constructor(live: Pick<Live, 'onChange'>, onError: (error: unknown) => void) {
    this.#stopListening = live.onChange(() => this.look())
    this.#looking = repeat(async () => this.look(), { everyMs: LOOK_EVERY_MS, onError })
  }

  /** Calls `cut` once when `lives` has turned false. Returns how to stop watching. */
  watch(lives: () => boolean, cut: (reason: Cut) => void): () => void {
    const entry = { lives, cut }
    this.#watched.add(entry)
    if (this.#stopped) queueMicrotask(() => this.#cutAll())
    return () => this.#watched.delete(entry)
  }

  get size(): number {
    return this.#watched.size
  }

  look(): void {
    for (const entry of this.#watched) {
      if (entry.lives()) continue
      this.#watched.delete(entry)
      entry.cut('ended')
    }
  }

  /** Cuts everything, and from now on whatever is still begun: the gateway is going down. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#stopListening()
    await this.#looking.stop()
    this.#cutAll()
  }

  #cutAll(): void {
    const all = [...this.#watched]
    this.#watched.clear()
    for (const entry of all) entry.cut('stopping')
  }
}
