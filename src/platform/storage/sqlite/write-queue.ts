import type { DatabaseSync } from 'node:sqlite'
import { failureOf, LOST } from './failure.ts'
import type { Request, StatementFailure, StepBatch, WriteRequest, WriterReply } from './messages.ts'
import { eraseFreed } from './pragmas.ts'
import { Statements } from './statements.ts'

type BeginRequest = Extract<Request, { kind: 'begin' }>

interface Turn {
  readonly id: number
  readonly timer: NodeJS.Timeout | undefined
  /** Runs out when the next statement does not come; see `BeginRequest.pause`. */
  readonly silence: NodeJS.Timeout | undefined
  /**
   * True when a statement failed. PostgreSQL then refuses everything but ROLLBACK; what runs here
   * must run there.
   */
  spoiled: boolean
  /** True: freed whole pages are overwritten until the turn ends. Doing it always would slow every write. */
  readonly erases: boolean
}

type Query = Extract<Request, { kind: 'query' }>
type End = Extract<Request, { kind: 'end' }>

/**
 * The order in which writes happen, on the one connection that writes. Batches that wait are committed together: one fsync for
 * all of them; where a guard of one fails, each again in a savepoint of its own. An interactive transaction has the turn to itself;
 * batches that waited for it share its commit. It never shares one with another interactive transaction, so that
 * work that is finished waits for no one's unfinished work.
 *
 * INVARIANT: `done` and `committed` are sent only after COMMIT returned.
 */
export class WriteQueue {
  readonly #db: DatabaseSync
  readonly #statements: Statements
  readonly #send: (replies: readonly WriterReply[]) => void
  /** Takes in what has arrived meanwhile, so that it joins the next group. */
  readonly #collect: () => void
  #batches: StepBatch[] = []
  /** Interactive transactions that wait. Those that go first are in front, in their order. */
  readonly #begins: BeginRequest[] = []
  #turn: Turn | undefined

  constructor(
    db: DatabaseSync,
    send: (replies: readonly WriterReply[]) => void,
    collect: () => void = () => {},
  ) {
    this.#db = db
    this.#statements = new Statements(db)
    this.#send = send
    this.#collect = collect
  }

  receive(request: WriteRequest): void {
    if (request.kind === 'batches') this.#batches.push(...request.batches)
    else if (request.kind === 'begin') this.#queue(request)
    else if (request.turn !== this.#turn?.id) this.#send([lostTurn(request)])
    else if (request.kind === 'query') {
      this.#send([this.#query(this.#turn, request)])
      this.#turn.silence?.refresh()
    } else this.#end(this.#turn, request)
  }

  #queue(begin: BeginRequest): void {
    const others = begin.first ? this.#begins.findIndex(({ first }) => !first) : -1
    this.#begins.splice(others < 0 ? this.#begins.length : others, 0, begin)
  }

  /** Does everything that can be done now. Batches and interactive transactions alternate, so neither starves. */
  proceed(): void {
    while (!this.#turn) {
      this.#collect()
      if (this.#batches.length) this.#commitGroup()
      const begin = this.#begins.shift()
      if (begin) this.#begin(begin)
      else if (!this.#batches.length) return
    }
  }

  /** Batches that were sent are still written; an interactive transaction that has not ended is rolled back. */
  close(): void {
    this.#leave()
    this.#rollBack()
    this.#begins.length = 0
    this.proceed()
  }

  /** Forgets writes whose process is gone, or only its transactions that have not ended. Committed writes stay. */
  forget(isGone: (id: number) => boolean, what: 'all' | 'turns' = 'all'): void {
    if (what === 'all') this.#batches = this.#batches.filter(({ id }) => !isGone(id))
    const left = this.#begins.filter(({ id }) => !isGone(id))
    this.#begins.splice(0, this.#begins.length, ...left)
    if (this.#turn && isGone(this.#turn.id)) this.#abandon()
  }

  /** Rolls the turn back, and lets the others go on. */
  #abandon(): void {
    this.#leave()
    this.#rollBack()
    this.proceed()
  }

  #commitGroup(): void {
    const group = this.#takeBatches()
    try {
      if (!this.#commitAll(group)) this.#commitEach(group)
    } catch (error) {
      this.#fail(group, error)
    }
  }

  /**
   * Commits a group without savepoints: nearly always every guard of a group holds, and a savepoint
   * costs a copy of each page that is written after it. False: a guard does not hold, and nothing
   * remains.
   */
  #commitAll(group: readonly StepBatch[]): boolean {
    this.#statements.run('BEGIN IMMEDIATE', [])
    if (!group.every(({ steps }) => this.#allHold(steps))) {
      this.#rollBack()
      return false
    }
    this.#statements.run('COMMIT', [])
    this.#send(group.map(({ id }) => ({ id, kind: 'committed', failed: undefined })))
    return true
  }

  #allHold(steps: StepBatch['steps']): boolean {
    try {
      return steps.every((step) => this.#holds(step))
    } catch (error) {
      // Retrying each batch in its own savepoint shows which one failed. A full disk ends the transaction: it fails all of them.
      if (!this.#db.isTransaction) throw error
      return false
    }
  }

  #commitEach(group: readonly StepBatch[]): void {
    this.#statements.run('BEGIN IMMEDIATE', [])
    const replies = group.map((batch) => this.#runBatch(batch))
    this.#statements.run('COMMIT', [])
    this.#send(replies)
  }

  #takeBatches(): readonly StepBatch[] {
    const group = this.#batches
    this.#batches = []
    return group
  }

  /** Answers all requests of a lost transaction with the same failure: nothing of them remains. */
  #fail(requests: readonly { id: number }[], error: unknown): void {
    this.#rollBack()
    this.#send(requests.map(({ id }) => failureReply(id, failureOf(error))))
  }

  #runBatch({ id, steps }: StepBatch): WriterReply {
    this.#statements.run('SAVEPOINT batch', [])
    try {
      const failed = steps.findIndex((step) => !this.#holds(step))
      if (failed >= 0) this.#statements.run('ROLLBACK TO batch', [])
      this.#statements.run('RELEASE batch', [])
      return { id, kind: 'committed', failed: failed < 0 ? undefined : failed }
    } catch (error) {
      // A full disk takes the whole transaction with it; then nothing in the group may count.
      if (!this.#db.isTransaction) throw error
      this.#statements.run('ROLLBACK TO batch', [])
      this.#statements.run('RELEASE batch', [])
      return failureReply(id, failureOf(error))
    }
  }

  #holds({ sql, parameters, rows }: StepBatch['steps'][number]): boolean {
    try {
      const { changes } = this.#statements.run(sql, parameters)
      return rows === 'any' || rows === changes
    } catch (error) {
      if (failureOf(error).duplicate) return false
      throw error
    }
  }

  #begin({ erases = false, id, limit, pause }: BeginRequest): void {
    try {
      // Not a kept statement: SQLite does this when it reads the text, and not when it runs it.
      if (erases) eraseFreed(this.#db, true)
      this.#statements.run('BEGIN IMMEDIATE', [])
    } catch (error) {
      this.#send([failureReply(id, failureOf(error))])
      return
    }
    const timer = limit === undefined ? undefined : setTimeout(() => this.#abandon(), limit)
    this.#turn = { id, timer, silence: this.#silence(pause), spoiled: false, erases }
    this.#send([{ id, kind: 'done' }])
  }

  /** INVARIANT: a process that stands still with the turn keeps others waiting no longer than this. */
  #silence(pause: number | undefined): NodeJS.Timeout | undefined {
    if (pause === undefined) return undefined
    return setTimeout(() => {
      if (this.#begins.length || this.#batches.length) this.#abandon()
      else this.#turn?.silence?.refresh()
    }, pause)
  }

  #query(turn: Turn, { id, sql, parameters }: Query): WriterReply {
    // INVARIANT: no statement of an interactive transaction runs outside of it, where it would commit by itself.
    if (!this.#db.isTransaction) return lostTurn({ id })
    if (turn.spoiled) return spoiled(id)
    try {
      return { id, kind: 'answer', answer: this.#statements.run(sql, parameters) }
    } catch (error) {
      turn.spoiled = true
      return failureReply(id, failureOf(error))
    }
  }

  #end(turn: Turn, { id, how }: End): void {
    this.#leave()
    if (how === 'commit' && !turn.spoiled && this.#db.isTransaction) {
      this.#commitTurn(id)
      return
    }
    const lost = !this.#db.isTransaction
    this.#rollBack()
    if (how === 'rollback') this.#send([{ id, kind: 'done' }])
    else this.#send([lost ? lostTurn({ id }) : spoiled(id)])
  }

  #commitTurn(id: number): void {
    this.#collect()
    const group = this.#takeBatches()
    try {
      const replies = group.map((batch) => this.#runBatch(batch))
      this.#statements.run('COMMIT', [])
      this.#send([{ id, kind: 'done' }, ...replies])
    } catch (error) {
      this.#fail([{ id }, ...group], error)
    }
  }

  #leave(): void {
    if (this.#turn?.erases) eraseFreed(this.#db, false)
    clearTimeout(this.#turn?.timer)
    clearTimeout(this.#turn?.silence)
    this.#turn = undefined
  }

  #rollBack(): void {
    if (this.#db.isTransaction) this.#statements.run('ROLLBACK', [])
  }
}

function failureReply(id: number, failure: StatementFailure): WriterReply {
  return { id, kind: 'failure', failure }
}

function spoiled(id: number): WriterReply {
  const message = 'a statement failed before: the transaction can only be rolled back'
  return failureReply(id, { kind: 'wrong', message, code: '', duplicate: false })
}

function lostTurn({ id, how }: { id: number; how?: 'commit' | 'rollback' }): WriterReply {
  if (how === 'rollback') return { id, kind: 'done' }
  const message = 'the transaction took too long or was lost, and was rolled back'
  return failureReply(id, { kind: 'unavailable', message, code: LOST, duplicate: false })
}
