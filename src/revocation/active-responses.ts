import { type Repetition, repeat } from '../lib/repeat.ts'
import { Roster, type RosterPlace } from '../lib/under-way/roster.ts'
import type { Live } from './live.ts'
import type { LiveView } from './live-state.ts'

/**
 * Reason why we ended a call: `ended`: something it depends on is no longer alive; `stopping`: the
 * gateway is going down; `abandoned`: nobody waits for the answer.
 */
export type AbortReason = 'ended' | 'stopping' | 'abandoned'

/**
 * Interval at which running answers are checked for changes that no event reports: a lease that ran
 * out, a deadline that passed.
 */
const LOOK_EVERY_MS = 250

interface WatchedResponse {
  readonly lives: () => boolean
  readonly cut: (reason: AbortReason) => void
  readonly release: () => void
}

/** State that a running call depends on. */
export interface Ground {
  /** Views that the call depends on. Read once, when the watch begins. */
  readonly views: readonly LiveView[]
  readonly lives: () => boolean
}

/**
 * All answers that are streaming now. Each is cut as soon as the state that it depends on has
 * changed.
 */
export class ActiveResponses {
  readonly #watched = new Roster<WatchedResponse>()
  readonly #live: Pick<Live, 'onChange' | 'pin'>
  readonly #stopListening: () => void
  readonly #looking: Repetition
  #stopped = false

  constructor(live: Pick<Live, 'onChange' | 'pin'>, onError: (error: unknown) => void) {
    this.#live = live
    this.#stopListening = live.onChange(() => this.look())
    this.#looking = repeat(async () => this.look(), { everyMs: LOOK_EVERY_MS, onError })
  }

  /** Calls `cut` once when the ground is gone. Returns a function that stops watching. */
  watch({ lives, views }: Ground, cut: (reason: AbortReason) => void): () => void {
    const pins = views.map((view) => this.#live.pin(view))
    const release = () => {
      for (const unpin of pins) unpin()
    }
    const place = this.#watched.add({ lives, cut, release })
    if (this.#stopped) queueMicrotask(() => this.#cutAll())
    return () => this.#end(place)
  }

  get size(): number {
    return this.#watched.size
  }

  look(): void {
    for (const place of this.#watched.places())
      if (place.item?.lives() === false) this.#end(place)?.cut('ended')
  }

  /** Cuts all answers, and from now on every new one: the gateway is going down. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#stopListening()
    await this.#looking.stop()
    this.#cutAll()
  }

  #cutAll(): void {
    for (const place of this.#watched.places()) this.#end(place)?.cut('stopping')
  }

  /** Answers what was watched there; `undefined`: it had ended before. */
  #end(place: RosterPlace<WatchedResponse>): WatchedResponse | undefined {
    const watched = place.item
    if (!this.#watched.leave(place)) return undefined
    watched?.release()
    return watched
  }
}
