import { LruCache } from '../../platform/lib/lru-cache.ts'
import type { Awaitable } from '../../platform/lib/pipeline.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { SharedReads } from '../../platform/lib/under-way/shared-reads.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { countCallsElsewhere } from './books-store.ts'

/** Age from which a count is taken again. */
const FRESH_FOR_MS = 2_000
/** Age up to which calls go on with a count while a newer one is taken; older, they wait for it. */
const USABLE_FOR_MS = 2 * FRESH_FOR_MS
/** Counting of calls in a minute stops here. */
const MAX_COUNTED = 1_000
const MAX_KEPT = 20_000
const LATEST = 'latest'

interface CountedCalls {
  /** Epoch milliseconds. */
  readonly at: number
  readonly count: number
}

/**
 * Calls of an agent for a person in the last minute that this process did not permit: those of other replicas, and those of this one
 * before it was restarted. The log of decisions has them. Each agent and person is looked up at most every two seconds, by one
 * of the calls under way.
 */
export class CallsElsewhere {
  readonly #storage: Storage
  readonly #replicaId: string
  readonly #counts = new LruCache<CountedCalls>(MAX_KEPT)
  readonly #reads = new SharedReads<number>()
  #startedAt: number | undefined

  /** `replicaId`: id of this process, as decisions name it. */
  constructor({ replicaId, storage }: { readonly storage: Storage; readonly replicaId: string }) {
    this.#storage = storage
    this.#replicaId = replicaId
  }

  /** A server that has its store for itself stops looking one minute after its first call. */
  count(
    of: { readonly agentId: string; readonly personId: string },
    at: number,
  ): Awaitable<number> {
    this.#startedAt ??= at
    if (!this.#storage.shared && at - this.#startedAt > MINUTE) return 0
    const key = `${of.agentId} ${of.personId}`
    const known = this.#counts.get(key, LATEST)
    if (known && isWithin(known, at, FRESH_FOR_MS)) return known.count
    const counting = this.#reads.share(key, () => this.#count(key, of, at))
    if (!(known && isWithin(known, at, USABLE_FOR_MS))) return counting
    // If it fails, a later call asks again, and waits.
    counting.catch(() => {})
    return known.count
  }

  async #count(
    key: string,
    { agentId, personId }: { readonly agentId: string; readonly personId: string },
    at: number,
  ): Promise<number> {
    const of = { agentId, personId, replicaId: this.#replicaId }
    const count = await countCallsElsewhere(this.#storage.read, of, at - MINUTE, MAX_COUNTED)
    return this.#counts.put(key, LATEST, { at, count }).count
  }
}

/** A count of a later time says nothing: the clock was set back. */
function isWithin(counted: CountedCalls, at: number, ms: number): boolean {
  return counted.at <= at && at - counted.at < ms
}
