import { type Repetition, repeat } from '../lib/repeat.ts'
import type { Live, LiveView } from '../revocation/index.ts'

/** Why we ended a call: what it stands on is no longer alive, the gateway is going down, or nobody waits for the answer. */
export type AbortReason = 'ended' | 'stopping' | 'abandoned'

/** How often running answers are looked at for what no event tells: a lease that ran out, a deadline that passed. */
const LOOK_EVERY_MS = 250

interface Watched {
  readonly lives: () => boolean
  readonly cut: (reason: AbortReason) => void
  readonly release: () => void
}

/** What a running call stands on. */
export interface Ground {
  /** Read once, when the watch begins. */
  readonly views: readonly LiveView[]
  readonly lives: () => boolean
}

/** Every answer that is streaming now. Cut as soon as what it stands on has changed. */
export class ActiveResponses {
  readonly #watched = new Set<Watched>()
  readonly #live: Pick<Live, 'onChange' | 'pin'>
  readonly #stopListening: () => void
  readonly #looking: Repetition
  #stopped = false

  constructor(live: Pick<Live, 'onChange' | 'pin'>, onError: (error: unknown) => void) {
    this.#live = live
    this.#stopListening = live.onChange(() => this.look())
    this.#looking = repeat(async () => this.look(), { everyMs: LOOK_EVERY_MS, onError })
  }

  /** Calls `cut` once when the ground is gone. Returns how to stop watching. */
  watch({ lives, views }: Ground, cut: (reason: AbortReason) => void): () => void {
    const pins = views.map((view) => this.#live.pin(view))
    const release = () => {
      for (const unpin of pins) unpin()
    }
    const entry = { lives, cut, release }
    this.#watched.add(entry)
    if (this.#stopped) queueMicrotask(() => this.#cutAll())
    return () => this.#end(entry)
  }

  #end(entry: Watched): void {
    this.#watched.delete(entry)
    entry.release()
  }

  get size(): number {
    return this.#watched.size
  }

  look(): void {
    for (const entry of this.#watched) {
      if (entry.lives()) continue
      this.#end(entry)
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
    for (const entry of all) {
      this.#end(entry)
      entry.cut('stopping')
    }
  }
}
