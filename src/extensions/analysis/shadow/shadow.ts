import { setImmediate as turn } from 'node:timers/promises'
import type { PolicySet } from '@remit/engine'
import type { CallParts } from '../../../calls/calls/index.ts'
import { RULES } from '../../../catalog/catalog/index.ts'
import type { Awaitable } from '../../../platform/lib/pipeline.ts'
import type { Live, LiveState } from '../../../platform/revocation/index.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import { differ, type Sets } from '../replay/differ.ts'
import { type DifferenceGroup, Tally } from '../replay/tally.ts'
import { SHADOW } from './change-shadow.ts'
import { latestDraft, putSeen, type ShadowDraft } from './shadow-store.ts'

type Watcher = NonNullable<CallParts['shadow']>
type AnsweredDecision = Parameters<Watcher['offer']>[0]

export interface ShadowOptions {
  readonly storage: Storage
  readonly live: Pick<Live, 'onChange' | 'replicaId'>
  /** The set in force, and a draft made ready like it. */
  readonly policies: {
    active(): Awaitable<PolicySet>
    draft(text: string): Promise<PolicySet>
  }
  /** Listener that is called when another version is in force than the draft was started beside. */
  readonly onOvertaken: (draft: ShadowDraft) => Promise<void>
  readonly onError: (error: unknown) => void
  /** Answers that may wait; beyond that they are counted and dropped. */
  readonly most?: number
}

/** A call that waits holds what it was made from. */
const MAX_WAITING = 2_000
/** Evaluated before others get their turn: a fraction of a millisecond. */
const AT_ONCE = 10

interface ShadowRun {
  readonly draft: ShadowDraft
  readonly sets: Sets
  readonly tally: Tally
  seen: number
  dropped: number
  /** Counts that stand in the books: of groups (`stored`), and of calls (`storedSeen`). */
  readonly stored: Map<string, number>
  storedSeen: number
}

/**
 * A draft beside the policies in force, in this process. It looks at calls after they were answered.
 * INVARIANT: nothing here can change an answer, fail it, or make it wait: `offer` takes note and returns, never throws, and
 * everything else happens in a later turn.
 */
export class Shadow implements Watcher {
  readonly #options: ShadowOptions
  readonly #most: number
  readonly #queue: AnsweredDecision[] = []
  #running: ShadowRun | undefined
  /** Something changed since it was looked up what runs. */
  #stale = true
  #working: Promise<void> | undefined
  #unsubscribe: (() => void) | undefined
  #stopped = false

  constructor(options: ShadowOptions) {
    this.#options = options
    this.#most = options.most ?? MAX_WAITING
  }

  /** Looks up what runs, and hears of changes from now on. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#options.live.onChange((states) => {
      if (!states.some(isAbout)) return
      this.#stale = true
      this.#wake()
    })
    this.#wake()
    await this.#working
  }

  /** Calls that wait are not looked at any more; findings are kept. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#unsubscribe?.()
    this.#queue.length = 0
    await this.#working
    await this.flush()
  }

  offer(answered: AnsweredDecision): void {
    const running = this.#running
    if (!running || answered.row.policyVersion !== running.draft.baseVersion) return
    if (this.#queue.length >= this.#most) {
      running.dropped++
      return
    }
    this.#queue.push(answered)
    this.#wake()
  }

  /** Resolves when everything that waits is looked at. */
  async settled(): Promise<void> {
    while (this.#working) await this.#working
  }

  /** Writes new findings; those that cannot be written are written the next time. */
  async flush(): Promise<void> {
    const running = this.#running
    if (running) await this.#store(running)
  }

  #wake(): void {
    if (this.#stopped) return
    this.#working ??= this.#work().finally(() => {
      this.#working = undefined
      if (this.#stale || this.#queue.length > 0) this.#wake()
    })
  }

  /** Never fails: what went wrong with one call is told, and the next one is looked at. */
  async #work(): Promise<void> {
    await turn()
    if (this.#stale) {
      this.#stale = false
      await this.#look().catch((error: unknown) => this.#giveUp(error))
    }
    while (this.#queue.length > 0 && !this.#stale) {
      for (const answered of this.#queue.splice(0, AT_ONCE)) this.#compare(answered)
      await turn()
    }
  }

  /**
   * Stops the shadow run: without a draft that can be evaluated nothing runs here; the next change
   * is the next try.
   */
  #giveUp(error: unknown): void {
    this.#running = undefined
    this.#queue.length = 0
    this.#options.onError(error)
  }

  async #look(): Promise<void> {
    const { onOvertaken, policies, storage } = this.#options
    const before = this.#running
    const draft = await latestDraft(storage.read)
    if (before && before.draft.number !== draft?.number) await this.#store(before)
    const live = draft?.endedAt === null ? await policies.active() : undefined
    if (!draft || !live || draft.baseVersion !== live.version) {
      if (before && before.draft.number === draft?.number) await this.#store(before)
      this.#running = undefined
      this.#queue.length = 0
      if (draft?.endedAt === null) await onOvertaken(draft)
      return
    }
    // The live answers of a moment ago count as those of the live set.
    const sets = { live, draft: await policies.draft(draft.text), asPublished: true }
    this.#running = before?.draft.number === draft.number ? { ...before, sets } : begun(draft, sets)
  }

  #compare({ facts, row }: AnsweredDecision): void {
    const running = this.#running
    if (!running) return
    try {
      const { difference } = differ(facts, row, running.sets)
      running.seen++
      if (difference) running.tally.add(row, difference)
    } catch (error) {
      running.dropped++
      this.#options.onError(error)
    }
  }

  async #store(running: ShadowRun): Promise<void> {
    const { dropped, draft, seen, stored, tally } = running
    if (running.storedSeen === seen + dropped) return
    const grown = tally
      .groups()
      .filter((group) => stored.get(shadowGroupKey(group)) !== group.count)
    const { replicaId } = this.#options.live
    await this.#options.storage.transaction((tx) =>
      putSeen(tx, {
        draft: draft.number,
        replicaId,
        seen,
        dropped,
        ungrouped: tally.ungrouped,
        groups: grown,
      }),
    )
    running.storedSeen = seen + dropped
    for (const group of grown) stored.set(shadowGroupKey(group), group.count)
  }
}

function isAbout({ id, kind }: LiveState): boolean {
  return kind === SHADOW.kind && (id === SHADOW.id || id === RULES.id)
}

function begun(draft: ShadowDraft, sets: ShadowRun['sets']): ShadowRun {
  return { draft, sets, tally: new Tally(), seen: 0, dropped: 0, stored: new Map(), storedSeen: 0 }
}

function shadowGroupKey({ action, agent, because, kind, rules }: DifferenceGroup): string {
  return JSON.stringify([kind, agent, action, because, rules])
}
