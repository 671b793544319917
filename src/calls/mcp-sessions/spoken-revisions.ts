import { MINUTE } from '../../platform/lib/time-units.ts'
import type { McpGeneration, SpokenMemory } from '../../platform/net/index.ts'

const MAX_SERVERS = 10_000
/** Time after which a server with sessions is asked again whether it still needs them. */
const ASKED_AGAIN_MS = 10 * MINUTE
const GENERATIONS: readonly McpGeneration[] = ['stateless', 'sessions']

/** Memory of how servers are spoken to, for clients of each generation. Nothing depends on it but the number of requests. */
export class SpokenRevisions implements SpokenMemory {
  readonly #now: () => number
  readonly #servers = new Map<string, { readonly spoken: McpGeneration; readonly at: number }>()

  constructor(now: () => number) {
    this.#now = now
  }

  get(url: string, wanted: McpGeneration): McpGeneration | undefined {
    const known = this.#servers.get(revisionKey(url, wanted))
    if (known?.spoken === 'sessions' && this.#now() - known.at >= ASKED_AGAIN_MS) return undefined
    return known?.spoken
  }

  set(url: string, wanted: McpGeneration, spoken: McpGeneration): void {
    const key = revisionKey(url, wanted)
    this.#servers.delete(key)
    this.#servers.set(key, { spoken, at: this.#now() })
    if (this.#servers.size <= MAX_SERVERS * GENERATIONS.length) return
    for (const oldest of this.#servers.keys()) {
      this.#servers.delete(oldest)
      break
    }
  }

  /** Forgets a server that does not answer as it said it would. */
  forget(url: string): void {
    for (const wanted of GENERATIONS) this.#servers.delete(revisionKey(url, wanted))
  }
}

function revisionKey(url: string, wanted: McpGeneration): string {
  return `${wanted} ${url}`
}
