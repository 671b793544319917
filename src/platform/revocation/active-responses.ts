import { type Repetition, repeat } from '../lib/repeat.ts'
import { type LinkedPlace, LinkedSet } from '../lib/under-way/linked-set.ts'
import type { Live } from './live.ts'
import type { LiveView } from './live-state.ts'

/**
 * Reason why we ended a call: `ended`: something it depends on is no longer alive; `stopping`: the
 * gateway is going down; `abandoned`: the client is gone; `unsure`: this server lost its lease
 * and could not find out whether anything had changed.
 */
export type AbortReason = 'ended' | 'stopping' | 'abandoned' | 'unsure'

/**
 * Interval at which running answers are checked for changes that no event reports: a lease that ran
 * out, a deadline that passed.
 */
const LIVENESS_POLL_MS = 250

interface WatchedResponse {
  readonly ground: CallDependencies
  readonly cut: (reason: AbortReason) => void
  release: () => void
  /** True while it is being found out whether the call may go on. */
  looking: boolean
}

/** State that a running call depends on. */
export interface CallDependencies {
  /** Views that the call depends on. Read when the watch begins, and whenever `again` has read them once more. */
  readonly views: readonly LiveView[]
  readonly lives: () => boolean
  /**
   * Finds out whether a call that does not live for the moment may go on: a lease that ran out is no
   * change, and other policies may permit it, too. Rejects where that cannot be found out. Left out: it may not.
   */
  readonly again?: () => Promise<boolean>
  /** Tells that `again` would say no, without I/O. */
  readonly isOver?: () => boolean
}

/**
 * All answers that are streaming now. Each is cut as soon as the state that it depends on has
 * changed.
 */
export class ActiveResponses {
  readonly #watched = new LinkedSet<WatchedResponse>()
  readonly #live: Pick<Live, 'onChange' | 'pin'>
  readonly #stopListening: () => void
  readonly #looking: Repetition
  #stopped = false

  constructor(live: Pick<Live, 'onChange' | 'pin'>, onError: (error: unknown) => void) {
    this.#live = live
    this.#stopListening = live.onChange(() => this.look())
    this.#looking = repeat(async () => this.look(), { everyMs: LIVENESS_POLL_MS, onError })
  }

  /** Calls `cut` once when the ground is gone. Returns a function that stops watching. */
  watch(ground: CallDependencies, cut: (reason: AbortReason) => void): () => void {
    const release = this.#pin(ground)
    const place = this.#watched.add({ ground, cut, release, looking: false })
    if (this.#stopped) queueMicrotask(() => this.#cutAll())
    return () => this.#end(place)
  }

  get size(): number {
    return this.#watched.size
  }

  look(): void {
    for (const place of this.#watched.places()) {
      const { item } = place
      if (!item || item.looking || item.ground.lives()) continue
      if (item.ground.again && item.ground.isOver?.() !== true) void this.#lookAgain(place, item)
      else this.#end(place)?.cut('ended')
    }
  }

  /** INVARIANT: code that passes an answer on asks `lives` before each part: nothing passes meanwhile. */
  async #lookAgain(place: LinkedPlace<WatchedResponse>, item: WatchedResponse): Promise<void> {
    item.looking = true
    const found = await item.ground.again?.().catch(() => 'unsure' as const)
    item.looking = false
    if (place.item !== item) return
    if (found !== true) {
      this.#end(place)?.cut(found === 'unsure' ? 'unsure' : 'ended')
      return
    }
    item.release()
    item.release = this.#pin(item.ground)
  }

  #pin({ views }: CallDependencies): () => void {
    const pins = views.map((view) => this.#live.pin(view))
    return () => {
      for (const unpin of pins) unpin()
    }
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

  /** Ends the watch and answers the watched response; `undefined`: it had ended before. */
  #end(place: LinkedPlace<WatchedResponse>): WatchedResponse | undefined {
    const watched = place.item
    if (!this.#watched.leave(place)) return undefined
    watched?.release()
    return watched
  }
}
