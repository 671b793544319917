import { setImmediate } from 'node:timers/promises'
import type { Step, Storage } from '../storage/index.ts'
import { appendStep } from './append-store.ts'
import type { LedgerEvent } from './ledger-event.ts'
import type { NewRecord } from './record.ts'
import {
  MAX_SHARING,
  type ReadyAnswer,
  type SharedAnswer,
  type SharedProperties,
} from './shared-record.ts'

export interface GatheringParts {
  readonly storage: Pick<Storage, 'engine' | 'read' | 'commit'>
  readonly ledger: {
    makeRecord(event: LedgerEvent): NewRecord
    readyAnswer(answer: SharedAnswer): ReadyAnswer
    makeShared(sharing: SharedProperties, answers: readonly ReadyAnswer[]): NewRecord
  }
}

/** A record, or an answer that shares one with those that wait beside it. */
type QueuedRecord =
  | { readonly record: NewRecord }
  | { readonly sharing: SharedProperties; readonly answer: ReadyAnswer }

type QueueItem = QueuedRecord & {
  resolve(_: undefined): void
  reject(error: unknown): void
}

/**
 * Numbers of rows in one statement: few different ones, so that every engine keeps them prepared.
 */
const SIZES = [64, 16, 4, 1] as const
/** Maximum of records and answers in one commit. */
const MAX = 512
/** Number of records that do not wait for others. */
const ENOUGH = 64
/**
 * Maximum turns of the event loop that records wait. A turn that brings nothing takes microseconds.
 */
const MAX_TURNS = 4

/**
 * Gathers records that come by the thousand and are the only write of their request: those that
 * wait go into one commit together, in few statements, and answers of one kind to one caller into
 * one record. Each caller is answered when its record is durable, as with a commit of its own; a
 * failure fails all of that commit.
 */
export class GatheredRecords {
  readonly #parts: GatheringParts
  #waiting: QueueItem[] = []
  #running = false
  /** Tells whether records overlapped lately: the next one then waits for others to share its commit. */
  #met = false

  constructor(parts: GatheringParts) {
    this.#parts = parts
  }

  /** @throws Problem `storage.unavailable`, `ledger.record_too_large` */
  async append(event: LedgerEvent): Promise<undefined> {
    return this.#wait({ record: this.#parts.ledger.makeRecord(event) })
  }

  /**
   * Appends one of many answers, which shares its record with those of the same mark that wait
   * beside it.
   * @throws Problem `storage.unavailable`
   */
  async appendAnswer(sharing: SharedProperties, answer: SharedAnswer): Promise<undefined> {
    return this.#wait({ sharing, answer: this.#parts.ledger.readyAnswer(answer) })
  }

  #wait(what: QueuedRecord): Promise<undefined> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ ...what, resolve, reject })
      if (this.#running) {
        this.#met = true
        return
      }
      this.#running = true
      void this.#run()
    })
  }

  async #run(): Promise<void> {
    // Those of one tick travel together.
    await undefined
    while (this.#waiting.length > 0) {
      // Who comes alone, as the one before did, does not wait for turns that bring nothing.
      if (this.#met) await this.#gather()
      this.#met = this.#waiting.length > 1
      const group = this.#waiting.slice(0, MAX)
      this.#waiting = this.#waiting.slice(MAX)
      await this.#commit(group)
    }
    this.#running = false
  }

  /** Gathers while every turn brings more: a commit costs as much as many of them. */
  async #gather(): Promise<void> {
    for (let turns = 0; turns < MAX_TURNS && this.#waiting.length < ENOUGH; turns++) {
      const before = this.#waiting.length
      await setImmediate()
      if (turns > 0 && this.#waiting.length === before) return
    }
  }

  async #commit(group: readonly QueueItem[]): Promise<void> {
    try {
      await this.#parts.storage.commit(this.#steps(this.#recordsOf(group)))
      for (const { resolve } of group) resolve(undefined)
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  /**
   * Records of a group in the order in which they came; a shared one stands where its first answer
   * does.
   */
  #recordsOf(group: readonly QueueItem[]): readonly NewRecord[] {
    const shared = new Map<string, ReadyAnswer[]>()
    const records: (() => NewRecord)[] = []
    for (const each of group) {
      if ('record' in each) {
        records.push(() => each.record)
        continue
      }
      const { answer, sharing } = each
      const answers = shared.get(sharing.mark)
      if (answers && answers.length < MAX_SHARING) {
        answers.push(answer)
        continue
      }
      const begun = [answer]
      shared.set(sharing.mark, begun)
      records.push(() => this.#parts.ledger.makeShared(sharing, begun))
    }
    return records.map((make) => make())
  }

  #steps(records: readonly NewRecord[]): Step[] {
    const steps: Step[] = []
    let from = 0
    for (const size of SIZES) {
      for (; records.length - from >= size; from += size)
        steps.push(appendStep(this.#parts.storage, records.slice(from, from + size)))
    }
    return steps
  }
}
