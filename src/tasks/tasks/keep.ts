import { expireRequests } from '../../approvals/access-requests/index.ts'
import { runChores } from '../../platform/lib/chores.ts'
import { type Repetition, repeat, type Wait } from '../../platform/lib/repeat.ts'
import type { Change, LiveState } from '../../platform/revocation/index.ts'
import type { Tx } from '../../platform/storage/index.ts'
import { expireConsents } from '../consent/index.ts'
import { closeTasks } from './close.ts'
import { closeIdleTasks, expireTasks } from './expire.ts'
import { endedHolders, openTasksOf, type TaskHolder } from './holders.ts'
import type { TaskParts } from './task.ts'

const EVERY_MS = 1_000
const AT_ONCE = 200
const HOLDERS: ReadonlySet<string> = new Set<TaskHolder['kind']>([
  'agent',
  'person',
  'space',
  'issuer',
])

/**
 * Keeps tasks by itself: deadlines close them, unanswered requests expire, and tasks whose agent,
 * person, space or trusted issuer has ended close. None of it is what makes a dead thing dead
 * (every decision checks that for itself); it keeps the books right and cuts what runs.
 */
export class TaskKeeper {
  readonly #parts: TaskParts
  readonly #onError: (error: unknown) => void
  readonly #wait: Wait | undefined
  /**
   * Holders that ended and whose tasks are not closed yet. Kept until it is done, whatever fails in
   * between.
   */
  readonly #ended = new Map<string, TaskHolder>()
  #loop: Repetition | undefined
  #unsubscribe: (() => void) | undefined

  constructor(parts: TaskParts, options: { onError: (error: unknown) => void; wait?: Wait }) {
    this.#parts = parts
    this.#onError = options.onError
    this.#wait = options.wait
  }

  /** Looks for tasks that ended while no server ran, then keeps looking. */
  async start(): Promise<void> {
    this.#unsubscribe = this.#parts.live.onChange((states) => this.#hear(states))
    await this.#findEnded('agent')
    await this.#findEnded('person')
    await this.#findEnded('space')
    await this.#findEnded('issuer')
    this.#loop = repeat(() => this.sweep(), {
      everyMs: EVERY_MS,
      onError: this.#onError,
      ...(this.#wait ? { wait: this.#wait } : {}),
    })
    this.#loop.wake()
  }

  async stop(): Promise<void> {
    this.#unsubscribe?.()
    await this.#loop?.stop()
  }

  /** One round; what fails in it keeps nothing else from being done. The loop calls it; tests do too. */
  async sweep(): Promise<void> {
    const { clock, live, storage } = this.#parts
    const parts = this.#parts
    const onError = this.#onError
    const ended = [...this.#ended].map(([key, holder]) => ({
      name: `tasks of ${key}`,
      run: async () => {
        await closeTasksOf(parts, holder)
        this.#ended.delete(key)
      },
    }))
    await runChores(ended, { onError })
    const due = [
      { name: 'task deadlines', run: () => expireTasks(parts) },
      { name: 'idle tasks', run: () => closeIdleTasks(parts) },
      { name: 'unanswered requests', run: () => expireRequests(parts) },
      { name: 'unanswered consents', run: () => expireConsents(storage, clock.now()) },
    ]
    // INVARIANT: closing is final, so nothing closes by a clock that cannot be trusted.
    await runChores(due, { onError, while: () => !live.clockProblem })
  }

  #hear(states: readonly LiveState[]): void {
    const before = this.#ended.size
    for (const { kind, id, state } of states) {
      if (state === 'ended' && isHolder(kind)) this.#ended.set(`${kind}:${id}`, { kind, id })
    }
    if (this.#ended.size > before) this.#loop?.wake()
  }

  async #findEnded(kind: TaskHolder['kind']): Promise<void> {
    for (let after = ''; ; ) {
      const ids = await endedHolders(this.#parts.storage.read, kind, { after, count: AT_ONCE })
      for (const id of ids) this.#ended.set(`${kind}:${id}`, { kind, id })
      const last = ids.at(-1)
      if (last === undefined) return
      after = last
    }
  }
}

function isHolder(kind: LiveState['kind']): kind is TaskHolder['kind'] {
  return HOLDERS.has(kind)
}

/**
 * Closes every task of an agent, a person or a space that has ended, or that rests on an issuer that has. Some at a time:
 * nothing is permitted under any of them any more, and no one has to wait until all of them are written down.
 */
export async function closeTasksOf(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live' | 'storage'>,
  holder: TaskHolder,
): Promise<void> {
  for (;;) {
    const { change, count } = await parts.storage.lanes.revocation.transaction(async (tx) => {
      const ids = await openTasksOf(tx, holder, AT_ONCE)
      const why = { by: 'system', reason: `${holder.kind}.ended` }
      return { count: ids.length, change: await closeTasks(parts, tx, ids, why) }
    })
    await parts.live.settle(change)
    if (count < AT_ONCE) return
  }
}

/** All of them in the caller's transaction, with a code for why. The caller settles. */
export async function closeTasksIn(
  parts: Pick<TaskParts, 'clock' | 'ledger' | 'live'>,
  tx: Tx,
  holder: TaskHolder,
  reason: string,
): Promise<Change> {
  const ids = await openTasksOf(tx, holder, Number.MAX_SAFE_INTEGER)
  return closeTasks(parts, tx, ids, { by: 'system', reason })
}
