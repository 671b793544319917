import { LruCache } from '../../../platform/lib/lru-cache.ts'
import type { Awaitable } from '../../../platform/lib/pipeline.ts'
import type { LiveView } from '../../../platform/revocation/index.ts'
import type { Storage } from '../../../platform/storage/index.ts'
import type { TaskLineage } from '../../tasks/index.ts'

import type { RaisedSignal } from '../assess.ts'
import { type SignalSubject, type StoredSignal, selectSignals } from './signal-store.ts'

const MAX_KEPT = 20_000

/**
 * Signals of other systems about all that take part in a call: the task and those above it, every
 * agent of the chain, the person. They are kept per epoch, as all facts are: raising a signal
 * raises the epoch of its subject, so a running task feels it at once.
 */
export class HeardSignals {
  readonly #storage: Storage
  readonly #kept = new LruCache<readonly StoredSignal[]>(MAX_KEPT)
  /** Signals about all that take part in a task, as of a view. */
  readonly #ofTask = new WeakMap<TaskLineage, { view: LiveView; heard: readonly StoredSignal[] }>()

  constructor(storage: Storage) {
    this.#storage = storage
  }

  /** `view`: of `callKeys` for this task. */
  about(held: TaskLineage, view: LiveView, at: number): Awaitable<readonly RaisedSignal[]> {
    const kept = this.#ofTask.get(held)
    if (kept?.view === view) return inForce(kept.heard, at)
    return this.#find(held, view, at).then((heard) => inForce(heard, at))
  }

  async #find(held: TaskLineage, view: LiveView, at: number): Promise<readonly StoredSignal[]> {
    const { above, chain, task } = held
    const parties: Party[] = [
      // A signal about a task above raises this one's epoch, too.
      {
        of: { kind: 'task', id: task.id },
        subjects: [task, ...above].map(({ id }) => ({ kind: 'task', id })),
      },
      {
        of: { kind: 'person', id: task.personId },
        subjects: [{ kind: 'person', id: task.personId }],
      },
      ...chain.map(
        (id): Party => ({ of: { kind: 'agent', id }, subjects: [{ kind: 'agent', id }] }),
      ),
    ]
    const heard: StoredSignal[] = []
    for (const { of, subjects } of parties) heard.push(...(await this.#of(of, subjects, view, at)))
    this.#ofTask.set(held, { view, heard })
    return heard
  }

  async #of(
    of: SignalSubject,
    subjects: readonly SignalSubject[],
    view: LiveView,
    at: number,
  ): Promise<readonly StoredSignal[]> {
    const state = view.states.find(({ id, kind }) => kind === of.kind && id === of.id)
    if (!state) throw new Error(`${of.kind} ${of.id} is not in the view`)
    // Rows read after the epoch are never older than it.
    return this.#kept.find(`${of.kind} ${of.id}`, state.epoch, () =>
      selectSignals(this.#storage.read, subjects, at),
    )
  }
}

const NONE: readonly RaisedSignal[] = []

function inForce(heard: readonly StoredSignal[], at: number): readonly RaisedSignal[] {
  if (heard.length === 0) return NONE
  return (
    heard
      .filter(({ expiresAt }) => expiresAt > at)
      .map(({ level, signal }) => ({ signal, level }))
      // In one order, whatever the order of the books: the same signals are the same facts.
      .sort((a, b) => (raisedSignalText(a) < raisedSignalText(b) ? -1 : 1))
  )
}

interface Party {
  readonly of: SignalSubject
  readonly subjects: readonly SignalSubject[]
}

function raisedSignalText({ level, signal }: RaisedSignal): string {
  return `${signal} ${level}`
}
