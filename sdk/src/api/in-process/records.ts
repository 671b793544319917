import type { Ports } from '../../wire/ports.ts'
import { recordOf } from '../../wire/problem.ts'
import type { ReportedOutcome } from '../calls.ts'
import type { RemitClient } from './remit.ts'

/** Permit that was given here, as Remit is told of it. */
export interface DecidedCall {
  readonly id: string
  readonly [member: string]: unknown
}

interface QueuedRecord {
  readonly list: 'decisions' | 'outcomes'
  /** JSON text. */
  readonly text: string
  readonly at: number
  readonly delivered: () => void
}

const MAX_QUEUED = 10_000
const MAX_BYTES_QUEUED = 32 * 1024 * 1024
const MAX_BATCH = 100
const MAX_BATCH_BYTES = 256 * 1024
const FLUSH_EVERY_MS = 1_000
/** Time that the oldest record may wait before nothing more is decided here. */
const MAX_WAIT_MS = 30_000
const TIMEOUT_MS = 10_000
/** Attempts to send the rest when the guard is closed. */
const MAX_LAST_TRIES = 3
const PAUSES_MS = [250, 1_000, 2_000, 5_000]

/**
 * Permits and outcomes on their way to the books, in the order in which they were made. Delivered at
 * least once; Remit counts each once. What is here when the process dies is lost.
 */
export class Records {
  readonly #remit: RemitClient
  readonly #ports: Ports
  readonly #onError: (error: unknown) => void
  #queue: QueuedRecord[] = []
  #bytes = 0
  #sending: Promise<void> | undefined
  #closed = false
  readonly #woken = { now: () => {} }
  readonly #onFailure = new Set<() => void>()

  constructor(remit: RemitClient, ports: Ports, onError: (error: unknown) => void) {
    this.#remit = remit
    this.#ports = ports
    this.#onError = onError
  }

  get size(): number {
    return this.#queue.length
  }

  /**
   * Tells whether one more permit can be recorded: there is room, and what was given before
   * arrives.
   */
  get open(): boolean {
    const [oldest] = this.#queue
    const late = oldest !== undefined && this.#ports.now() - oldest.at > MAX_WAIT_MS
    return (
      !this.#closed && !late && this.#queue.length < MAX_QUEUED && this.#bytes < MAX_BYTES_QUEUED
    )
  }

  /** Resolves when Remit has it. */
  decided(call: DecidedCall): Promise<void> {
    return this.#add('decisions', call)
  }

  ended(id: string, outcome: ReportedOutcome): void {
    void this.#add('outcomes', { id, ...outcome })
  }

  /** Sends what waits now, and resolves when nothing waits any more, or an attempt has failed. */
  async flush(): Promise<void> {
    let told = () => {}
    const failed = new Promise<void>((resolve) => {
      told = resolve
    })
    this.#onFailure.add(told)
    this.#woken.now()
    await Promise.race([this.#sending, failed])
    this.#onFailure.delete(told)
  }

  /** Tries to send what waits, a few times. */
  async close(): Promise<void> {
    this.#closed = true
    for (let tries = 0; tries < MAX_LAST_TRIES && this.size > 0; tries++) await this.flush()
  }

  #add(list: QueuedRecord['list'], record: object): Promise<void> {
    const text = JSON.stringify(record)
    return new Promise((delivered) => {
      this.#queue.push({ list, text, at: this.#ports.now(), delivered })
      this.#bytes += text.length
      this.#sending ??= this.#send().finally(() => {
        this.#sending = undefined
      })
      if (this.#queue.length >= MAX_BATCH) this.#woken.now()
    })
  }

  /** Wakes a sender at once: a permit waits for its record. */
  hurry(): void {
    this.#woken.now()
  }

  async #send(): Promise<void> {
    await this.#pause(FLUSH_EVERY_MS)
    for (let failures = 0; this.#queue.length > 0; ) {
      const batch = this.#batch()
      try {
        await this.#deliver(batch)
        failures = 0
      } catch (error) {
        if (failures === 0) this.#onError(error)
        for (const tell of this.#onFailure) tell()
        this.#onFailure.clear()
        if (this.#closed && failures + 1 >= MAX_LAST_TRIES) return
        await this.#pause(PAUSES_MS[Math.min(failures++, PAUSES_MS.length - 1)] ?? 0)
        continue
      }
      this.#queue = this.#queue.slice(batch.length)
      for (const { delivered, text } of batch) {
        this.#bytes -= text.length
        delivered()
      }
    }
  }

  async #deliver(batch: readonly QueuedRecord[]): Promise<void> {
    const of = (list: QueuedRecord['list']) =>
      batch.filter((each) => each.list === list).map(({ text }) => text)
    const body = `{"decisions":[${of('decisions').join()}],"outcomes":[${of('outcomes').join()}]}`
    const { refused } = await this.#remit.ask('decisions', { body, timeoutMs: TIMEOUT_MS })
    if (!Array.isArray(refused)) throw new Error('the answer about records cannot be read')
    for (const each of refused) {
      const { code, detail, id } = recordOf(each)
      this.#onError(new Error(`${String(id)} was not recorded: ${String(code)}: ${String(detail)}`))
    }
  }

  /** The oldest records: an outcome is never before its permit, for both keep their order. */
  #batch(): readonly QueuedRecord[] {
    let bytes = 0
    const batch: QueuedRecord[] = []
    for (const each of this.#queue) {
      bytes += each.text.length
      if (batch.length > 0 && (batch.length >= MAX_BATCH || bytes > MAX_BATCH_BYTES)) break
      batch.push(each)
    }
    return batch
  }

  async #pause(ms: number): Promise<void> {
    const stop = new AbortController()
    const woken = new Promise<void>((resolve) => {
      this.#woken.now = resolve
    })
    await Promise.race([woken, this.#ports.sleep(ms, stop.signal).catch(() => {})])
    stop.abort()
  }
}
