import { unavailable } from '../failure.ts'
import { type CommitResult, committedUnless, type Step } from '../storage.ts'
import { errorOf } from './failure.ts'
import type { Request, RowSet, StepBatch, WriterLine, WriterReply } from './messages.ts'

/**
 * Maximum of requests that wait. More of them mean that the disk does not keep up: refuse at once
 * instead of late.
 */
const MAX_WAITING = 10_000

/** Number of batches that do not wait for others. */
const ENOUGH = 64
/**
 * Maximum turns of the event loop that batches wait. A turn that brings nothing takes microseconds.
 */
const MAX_TURNS = 4
/**
 * Time that a write whose answer was given waits for a commit to share, in ms. A caller that sends its next request at once is back within
 * it; a process that is killed meanwhile does not know how a call ended, as if it had been killed before the answer.
 */
const BEHIND_MS = 5

type WriterAnswer = Exclude<WriterReply, { kind: 'failure' }>
interface Waiter {
  resolve(reply: WriterAnswer): void
  reject(error: Error): void
}

/**
 * One process's side of the one thread that writes. Batches are gathered where there are others: who commits alone, and did so the last time,
 * does not wait for a turn that brings nothing.
 */
export class Writer {
  readonly #line: WriterLine
  readonly #waiting = new Map<number, Waiter>()
  #gathered: StepBatch[] = []
  /** Number of batches that a caller waits for: gathered, or sent. */
  #awaited = 0
  /** Tells whether batches overlapped lately: the next one then waits for others to share its commit. */
  #met = false
  /** Batches that wait for others, up to a time. */
  readonly #behind: StepBatch[] = []
  #patience: NodeJS.Timeout | undefined
  #lastId = 0
  #dead: Error | undefined
  #closed: Promise<void> | undefined
  readonly #onLost: ((error: Error) => void)[] = []

  /** `onHint` hears what other processes said, and this one itself, where there are others. */
  constructor(line: WriterLine, onHint: (channel: string) => void = () => {}) {
    this.#line = line
    line.listen({
      replies: (replies) => {
        for (const reply of replies) this.#settle(reply)
      },
      hint: onHint,
      ended: (cause) => this.#die(cause),
    })
  }

  /** Commits all steps or none, durable when answered. Calls of one tick travel together; those that are `isBehind` join them. */
  async commit(steps: readonly Step[], { isBehind = false } = {}): Promise<CommitResult> {
    const compiled = steps.map(({ query, rows }) => {
      const { sql, parameters } = query.compile()
      return { sql, parameters, rows }
    })
    const reply = await (isBehind
      ? this.#ask((id) => this.#wait({ id, steps: compiled }))
      : this.#askAtOnce(compiled))
    const failed = reply.kind === 'committed' ? reply.failed : undefined
    return committedUnless(failed === undefined ? undefined : steps[failed])
  }

  /** Answers when no one else writes. The turn ends with `end`, or by itself after `limit` ms. `first`: before others that wait. `erases`: what it deletes is overwritten. */
  async begin(limit: number | undefined, { erases = false, first = false } = {}): Promise<number> {
    const { id } = await this.#send((id) => ({ kind: 'begin', id, limit, first, erases }))
    return id
  }

  async query(turn: number, sql: string, parameters: readonly unknown[]): Promise<RowSet> {
    const reply = await this.#send((id) => ({ kind: 'query', id, turn, sql, parameters }))
    if (reply.kind !== 'answer') throw new Error('the writer thread answered something else')
    return reply.answer
  }

  async end(turn: number, how: 'commit' | 'rollback'): Promise<void> {
    await this.#send((id) => ({ kind: 'end', id, turn, how }))
  }

  /** Lets other processes write through this thread, over sockets in this directory. Answers the path. */
  async share(directory: string): Promise<string> {
    const reply = await this.#send((id) => ({ kind: 'share', id, directory }))
    if (reply.kind !== 'shared') throw new Error('the writer thread answered something else')
    return reply.path
  }

  /** Tells every process that something changed. Nothing depends on its arriving. */
  hint(channel: string): void {
    if (!this.#dead) this.#line.post({ kind: 'hint', channel })
  }

  /** Number of requests that have not been answered. */
  get waiting(): number {
    return this.#waiting.size
  }

  /** Registers a listener for the end of the thread when it was not closed. */
  onLost(listener: (error: Error) => void): void {
    this.#onLost.push(listener)
  }

  close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    if (this.#dead) return
    this.#flush()
    const closed = this.#send((id) => ({ kind: 'close', id }))
    this.#dead = unavailable('the store is closed')
    await closed
    this.#line.release()
    this.#rejectWaiting(this.#dead)
  }

  #send(request: (id: number) => Request): Promise<WriterAnswer> {
    return this.#ask((id) => this.#line.post(request(id)))
  }

  #ask(post: (id: number) => void): Promise<WriterAnswer> {
    if (this.#dead) return Promise.reject(this.#dead)
    if (this.#waiting.size >= MAX_WAITING)
      return Promise.reject(unavailable(`${MAX_WAITING} writes are waiting already`))
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject })
      post(id)
    })
  }

  async #askAtOnce(steps: StepBatch['steps']): Promise<WriterAnswer> {
    if (this.#awaited++ > 0) this.#met = true
    try {
      return await this.#ask((id) => {
        if (this.#gathered.push({ id, steps }) === 1) this.#begin()
      })
    } finally {
      this.#awaited--
    }
  }

  /** Sends what one tick brings, and gathers more where others came meanwhile, now or the last time. */
  #begin(): void {
    if (!this.#met) queueMicrotask(() => this.#flush())
    else this.#gather(0)
    this.#met = this.#awaited > 1
  }

  /**
   * Gathers batches while every turn of the event loop brings more: a commit costs as much as many
   * of them.
   */
  #gather(turns: number): void {
    const before = this.#gathered.length
    setImmediate(() => {
      const count = this.#gathered.length
      const more = turns === 0 || count > before
      if (more && count > 0 && count < ENOUGH && turns + 1 < MAX_TURNS) this.#gather(turns + 1)
      else this.#flush()
    })
  }

  #wait(batch: StepBatch): void {
    this.#behind.push(batch)
    this.#patience ??= setTimeout(() => this.#flush(), BEHIND_MS)
  }

  /** Sends what has gathered. Writes behind answers go first: the ends of earlier calls before new ones. */
  #flush(): void {
    clearTimeout(this.#patience)
    this.#patience = undefined
    const batches = [...this.#behind.splice(0), ...this.#gathered]
    if (!batches.length) return
    this.#gathered = []
    this.#line.post({ kind: 'batches', batches })
  }

  #settle(reply: WriterReply): void {
    const waiting = this.#waiting.get(reply.id)
    this.#waiting.delete(reply.id)
    if (reply.kind === 'failure') waiting?.reject(errorOf(reply.failure))
    else waiting?.resolve(reply)
  }

  /**
   * Rejects everything from now on: a thread that is gone may have committed or not, so no one is
   * told that anything succeeded.
   */
  #die(cause?: unknown): void {
    const reason = cause instanceof Error ? ` (${cause.message})` : ''
    const lost = this.#dead === undefined
    this.#dead ??= unavailable(`the writer thread ended${reason}: restart to go on`, cause)
    if (lost) for (const tell of this.#onLost) tell(this.#dead)
    this.#rejectWaiting(this.#dead)
  }

  #rejectWaiting(reason: Error): void {
    for (const { reject } of this.#waiting.values()) reject(reason)
    this.#waiting.clear()
  }
}
