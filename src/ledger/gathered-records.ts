import type { CompiledQuery } from 'kysely'
import type { Step, Storage } from '../storage/index.ts'
import type { LedgerEvent } from './ledger-event.ts'
import { intakeQuery } from './ledger-store.ts'
import type { NewRecord } from './record.ts'

export interface GatheringParts {
  readonly storage: Pick<Storage, 'read' | 'commit'>
  readonly ledger: { makeRecord(event: LedgerEvent): NewRecord }
}

interface Waiting {
  readonly record: NewRecord
  resolve(): void
  reject(error: unknown): void
}

/** Rows of one statement: few different ones, so that every engine keeps them prepared. */
const SIZES = [64, 16, 4, 1] as const
/** Records in one commit. */
const MOST = 512

/**
 * Records that come by the thousand and have nothing else to write: those that wait go into one commit together, in few
 * statements. Each is answered when it is durable, as with a commit of its own; what fails, fails for all of that commit.
 */
export class GatheredRecords {
  readonly #parts: GatheringParts
  readonly #texts = new Map<number, CompiledQuery>()
  #waiting: Waiting[] = []
  #running = false

  constructor(parts: GatheringParts) {
    this.#parts = parts
  }

  /** @throws Problem `storage.unavailable`, `ledger.record_too_large` */
  async append(event: LedgerEvent): Promise<void> {
    const record = this.#parts.ledger.makeRecord(event)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ record, resolve, reject })
      if (this.#running) return
      this.#running = true
      // Others of this tick come along.
      setImmediate(() => void this.#run())
    })
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const group = this.#waiting.slice(0, MOST)
      this.#waiting = this.#waiting.slice(MOST)
      await this.#commit(group)
    }
    this.#running = false
  }

  async #commit(group: readonly Waiting[]): Promise<void> {
    try {
      const done = await this.#parts.storage.commit(this.#steps(group.map(({ record }) => record)))
      if (!done.committed) throw new Error(`records could not be appended: ${done.failed}`)
      for (const { resolve } of group) resolve()
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  #steps(records: readonly NewRecord[]): Step[] {
    const steps: Step[] = []
    let from = 0
    for (const size of SIZES) {
      for (; records.length - from >= size; from += size)
        steps.push(this.#step(records.slice(from, from + size)))
    }
    return steps
  }

  #step(records: readonly NewRecord[]): Step {
    const text = this.#textFor(records.length, records)
    const parameters = records.flatMap(({ private: kept, record }) => [record, kept])
    return {
      name: 'ledger',
      query: { compile: () => ({ ...text, parameters }) },
      rows: records.length,
    }
  }

  /** The statement for so many rows; building it anew each time would cost more than the rest. */
  #textFor(size: number, like: readonly NewRecord[]): CompiledQuery {
    const known = this.#texts.get(size)
    if (known) return known
    const text = intakeQuery(this.#parts.storage.read, like).compile()
    this.#texts.set(size, text)
    return text
  }
}
