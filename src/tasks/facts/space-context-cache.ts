import { findClient, type MachineClient } from '../../identity/machine-clients/index.ts'
import {
  findLine,
  findSpace,
  findThread,
  type Space,
  type SpaceLine,
  type Thread,
} from '../../identity/spaces/index.ts'
import { LruCache } from '../../platform/lib/lru-cache.ts'
import type { Live, LiveKey, LiveView } from '../../platform/revocation/index.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { conversationKeys, isSurfaceSilent } from './space-context.ts'

const MAX = 20_000
/** Maximum reads of a thread that is stated again meanwhile. */
const MAX_READS = 8
/** Time to look at a thread, as long as a lease: a thread that cannot be read by then permits nothing. */
export const MAX_LOOKING_MS = 5_000

/**
 * Spaces, threads and surfaces as calls look them up, kept per epoch.
 * INVARIANT: as in `Facts`: a view is read first and what it watches over after it.
 */
export class Locator {
  readonly #storage: Storage
  readonly #live: Pick<Live, 'view'>
  readonly #lines = new LruCache<readonly string[]>(MAX)
  readonly #spaces = new LruCache<Space>(MAX)
  readonly #threads = new LruCache<Thread>(MAX)
  readonly #surfaces = new LruCache<MachineClient<'surface'>>(MAX)
  /** Surfaces that look silent, of calls under way. */
  readonly #looking = new Map<string, { readonly since: number; answered: boolean }>()

  constructor(parts: { readonly storage: Storage; readonly live: Pick<Live, 'view'> }) {
    this.#storage = parts.storage
    this.#live = parts.live
  }

  /** Names of a space and those above it, nearest first: what never changes. Empty where there is none. */
  async line(spaceId: string | null): Promise<readonly string[]> {
    if (spaceId === null) return []
    const line = await this.#lines.find(spaceId, 'fixed', async () => {
      const read = await findLine(this.#storage.read, spaceId)
      return read.length === 0 ? undefined : read.map(({ id }) => id)
    })
    return line ?? []
  }

  /** Answers the spaces of those names with their rules, as of a view that watches over them. */
  async spaces(names: readonly string[], view: LiveView): Promise<SpaceLine> {
    const line: Space[] = []
    for (const id of names) {
      const epoch = epochIn(view, 'space', id)
      const space = await this.#spaces.find(id, epoch, () => findSpace(this.#storage.read, id))
      if (!space) throw new Error(`space ${id} is alive and has no row`)
      line.push(space)
    }
    return line
  }

  /**
   * Answers the latest statement about a thread, and a view of the thread, of all that is behind
   * it, and of `others`. The thread is read under an epoch that the view has, too.
   */
  async thread(
    id: string,
    others: readonly LiveKey[],
  ): Promise<{ thread: Thread; also: LiveView }> {
    const key = { kind: 'thread', id } as const
    for (let reads = 0; reads < MAX_READS; reads++) {
      const before = epochIn(await this.#live.view([key]), 'thread', id)
      const thread = await this.#threads.find(id, before, () => findThread(this.#storage.read, id))
      if (!thread) throw new Error(`a task is for the thread ${id}, which has no row`)
      const also = await this.#live.view([...others, ...conversationKeys(thread)])
      if (epochIn(also, 'thread', id) === before) return { thread, also }
    }
    throw new Error(`the thread ${id} is stated faster than it can be read`)
  }

  /**
   * The surface behind a thread. When it was last heard of raises no epoch, or each word of it would cut what runs: a row that
   * looks silent is read again.
   */
  async surface(id: string, at: number): Promise<MachineClient<'surface'>> {
    const kept = this.#surfaces.get(id, 'latest')
    if (kept && !isSurfaceSilent(kept, at)) return kept
    return this.#readSurface(id)
  }

  /**
   * Tells whether a surface is heard of lately enough, for calls under way: asked again and
   * again, and never waits. A surface that looks silent is read once more, since another replica may have
   * heard it; until that is answered it still counts, for a moment.
   * INVARIANT: a store that does not answer makes no surface heard.
   */
  isHeard(id: string, at: number): boolean {
    const kept = this.#surfaces.get(id, 'latest')
    if (kept && !isSurfaceSilent(kept, at)) {
      this.#looking.delete(id)
      return true
    }
    const looking = this.#looking.get(id)
    if (looking) return !looking.answered && at - looking.since < MAX_LOOKING_MS
    const begun = { since: at, answered: false }
    this.#looking.set(id, begun)
    this.#readSurface(id)
      .catch(() => {})
      .finally(() => {
        begun.answered = true
      })
    return true
  }

  async #readSurface(id: string): Promise<MachineClient<'surface'>> {
    const surface = await findClient(this.#storage.read, id)
    if (surface?.kind !== 'surface')
      throw new Error(`a thread is of the surface ${id}, which has no row`)
    return this.#surfaces.put(id, 'latest', surface)
  }
}

/** Finds the epoch of one key in a view. @throws Error where the view does not hold the key */
export function epochIn(view: LiveView, kind: LiveKey['kind'], id: string): number {
  const state = view.states.find((each) => each.kind === kind && each.id === id)
  if (!state) throw new Error(`${kind} ${id} is not in the view`)
  return state.epoch
}
