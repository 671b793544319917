/** Listeners by channel. A listener that throws disturbs no other. */
export class Hints {
  readonly #listeners = new Map<string, Set<() => void>>()

  on(channel: string, listener: () => void): () => void {
    const own = () => listener()
    const listeners = this.#listeners.get(channel) ?? new Set()
    this.#listeners.set(channel, listeners.add(own))
    return () => listeners.delete(own)
  }

  /** Schedules the listeners of a channel; never calls one before it returns. */
  raise(channel: string): void {
    for (const listener of this.#listeners.get(channel) ?? []) queueMicrotask(listener)
  }

  /** Schedules all listeners, after a time in which hints may have been missed. */
  raiseAll(): void {
    for (const channel of this.#listeners.keys()) this.raise(channel)
  }
}
