import type { Clock } from '../lib/clock.ts'
import { type Repetition, repeat, type Wait } from '../lib/repeat.ts'
import type { Storage } from '../storage/index.ts'
import type { Continuity } from './breaks/continuity.ts'
import { newestCheckpoint, trimCheckpoints } from './ledger-store.ts'
import type { RefusalTally } from './refusal-tally.ts'
import { sequenceIntake } from './sequence.ts'
import { UnplacedRecords } from './unplaced-records.ts'

/** Maximum time that a committed record waits for its position and a checkpoint over it. */
const EVERY_MS = 1_000
/** Time in which appended records share one run: each writes the last tile again, signs, and has two commits of its own. */
const GATHER_MS = 200
const KEEP_CHECKPOINTS = 1_000
/** Number of runs that signed something between two trims. */
const TRIM_EVERY = 100

interface SequencerParts {
  readonly storage: Storage
  readonly clock: Clock
  readonly continuity: Continuity
  readonly refusals: Pick<RefusalTally, 'close' | 'flush'>
  readonly onError: (error: unknown) => void
  readonly wait?: Wait
}

/** Gives positions to committed records and signs checkpoints over them, one run after the other. */
export class Sequencer {
  readonly #parts: SequencerParts
  readonly #unplaced: UnplacedRecords
  #loop: Repetition | undefined
  #running: Promise<unknown> = Promise.resolve()
  #signatures = 0
  #failure: unknown
  /** Monotonic time of the last run that succeeded. */
  #ranAt: number

  constructor(parts: SequencerParts) {
    this.#parts = parts
    this.#unplaced = new UnplacedRecords(parts.storage.read, parts.clock)
    this.#ranAt = parts.clock.monotonic()
  }

  /** Error of the last run, if it failed. */
  get failure(): unknown {
    return this.#failure
  }

  /** Time since the last run that succeeded, in milliseconds: no record waits longer than that. */
  sinceRun(): number {
    return this.#parts.clock.monotonic() - this.#ranAt
  }

  /** Tells the loop that a record comes. */
  wake(): void {
    this.#loop?.wake()
  }

  /** Runs, and keeps doing so. */
  async start(): Promise<void> {
    const { onError, wait } = this.#parts
    await this.runIfWhole()
    this.#loop = repeat(() => this.run().then(() => {}), {
      everyMs: EVERY_MS,
      gatherMs: GATHER_MS,
      onError,
      ...(wait ? { wait } : {}),
    })
  }

  async stop(): Promise<void> {
    const { continuity, refusals, storage } = this.#parts
    await this.#loop?.stop()
    await refusals.close()
    await this.runIfWhole()
    const newest = await newestCheckpoint(storage.read)
    if (newest) await continuity.flush(newest.note)
  }

  /** @throws Problem `ledger.inconsistent` */
  run(): Promise<number> {
    const run = this.#running.then(() => this.#parts.refusals.flush()).then(() => this.#sequence())
    this.#running = run.catch(() => {})
    return run
  }

  /** Runs, but for a break: it stops permits only, and people still sign in and revoke. */
  async runIfWhole(): Promise<void> {
    try {
      await this.run()
    } catch (error) {
      if (this.#parts.continuity.broken === undefined) throw error
      this.#parts.onError(error)
    }
  }

  async #sequence(): Promise<number> {
    const { continuity, onError, storage } = this.#parts
    try {
      const count = await sequenceIntake(storage, this.#unplaced)
      const before = continuity.signedSize
      const newest = await continuity.sign()
      if (newest.size !== before && ++this.#signatures % TRIM_EVERY === 0)
        await trimCheckpoints(storage, KEEP_CHECKPOINTS)
      this.#failure = undefined
      this.#ranAt = this.#parts.clock.monotonic()
      return count
    } catch (error) {
      this.#failure = error
      await continuity.noteFailure(error).catch(onError)
      throw error
    }
  }
}
