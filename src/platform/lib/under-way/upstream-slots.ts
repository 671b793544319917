import { HeldPlaces, type SlotHolders } from './held-places.ts'

/** Returns a connection; however often it is called. */
type Release = () => void

/** A call that waits for a connection. */
interface WaitingCall {
  readonly holders: SlotHolders
  readonly give: (release: Release) => void
}

/** Connections of one API that are in use, and the calls that wait for one. */
interface Usage {
  readonly places: HeldPlaces
  /** Calls for which there was no connection, in the order in which they came. */
  readonly waiting: Set<WaitingCall>
}

/** Waits for a moment, or until the signal. */
type Patience = (signal: AbortSignal) => Promise<void>

/**
 * Shares the connections to each API among tasks, agents and people, so that the streams of one do
 * not keep all others out. While many connections are free, anyone may have more than a share; of the
 * last ones, none gets more than an equal share. Memory is bounded by the calls under way.
 */
export class UpstreamSlots {
  readonly #limit: number
  readonly #patience: Patience
  readonly #usage = new Map<string, Usage>()

  /**
   * @param limit connections to one API
   * @param patience time that a call waits for one; default: none
   */
  constructor(limit: number, patience: Patience = async () => {}) {
    this.#limit = limit
    this.#patience = patience
  }

  /**
   * Takes a connection to `origin`, and waits a moment for one that others return: calls that became
   * durable together come together, and most APIs answer soon. `undefined`: others come first.
   */
  async takeSoon(origin: string, holders: SlotHolders): Promise<Release | undefined> {
    const release = this.take(origin, holders)
    const usage = this.#usage.get(origin)
    if (release || !usage) return release
    const over = new AbortController()
    const { promise, resolve } = Promise.withResolvers<Release | undefined>()
    const give = (given: Release) => {
      over.abort()
      resolve(given)
    }
    const waiting = { holders, give }
    usage.waiting.add(waiting)
    void this.#patience(over.signal).finally(() => {
      usage.waiting.delete(waiting)
      resolve(undefined)
    })
    return promise
  }

  /**
   * Takes a connection to `origin`. Returns a function to call when the call has ended.
   * `undefined`: others come first now.
   */
  take(origin: string, holders: SlotHolders): Release | undefined {
    const usage = this.#usage.get(origin) ?? {
      places: new HeldPlaces(this.#limit),
      waiting: new Set<WaitingCall>(),
    }
    const release = usage.places.take(holders)
    if (!release) return undefined
    this.#usage.set(origin, usage)
    return this.#returning(origin, usage, release)
  }

  /** Gives a connection that comes back to the next call that waits. */
  #returning(origin: string, usage: Usage, release: Release): Release {
    let returned = false
    return () => {
      if (returned) return
      returned = true
      release()
      this.#giveNext(origin, usage)
      if (usage.places.taken === 0) this.#usage.delete(origin)
    }
  }

  /** Gives a connection that was returned to the first call that may have it. */
  #giveNext(origin: string, usage: Usage): void {
    for (const next of usage.waiting) {
      const release = usage.places.take(next.holders)
      if (!release) continue
      usage.waiting.delete(next)
      next.give(this.#returning(origin, usage, release))
      return
    }
  }
}
