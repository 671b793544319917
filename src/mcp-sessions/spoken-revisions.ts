import type { SpokenMemory } from '../net/index.ts'

const MAX_SERVERS = 10_000
/** Time after which a server with sessions is asked again whether it still needs them. */
const ASKED_AGAIN_MS = 600_000

type SpokenRevision = ReturnType<SpokenMemory['get']> & string

/** Memory of how servers are spoken to. Nothing depends on it but the number of requests. */
export class SpokenRevisions implements SpokenMemory {
  readonly #now: () => number
  readonly #servers = new Map<string, { readonly spoken: SpokenRevision; readonly at: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  get(url: string): SpokenRevision | undefined {
    const known = this.#servers.get(url)
    if (known?.spoken === 'sessions' && this.#now() - known.at >= ASKED_AGAIN_MS) return undefined
    return known?.spoken
  }

  set(url: string, spoken: SpokenRevision): void {
    this.#servers.delete(url)
    this.#servers.set(url, { spoken, at: this.#now() })
    if (this.#servers.size <= MAX_SERVERS) return
    for (const oldest of this.#servers.keys()) {
      this.#servers.delete(oldest)
      break
    }
  }

  /** Forgets a server that does not answer as it said it would. */
  forget(url: string): void {
    this.#servers.delete(url)
  }
}
