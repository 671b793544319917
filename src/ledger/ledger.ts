import type { SigningKey } from '../keys/index.ts'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import { type Repetition, repeat, type Wait } from '../lib/repeat.ts'
import type { Step, Storage, Tx } from '../storage/index.ts'
import { CheckpointSigner, readTreeHead, type TreeHead } from './checkpoint.ts'
import { type WriteFile, writePrivate, writeTree } from './export.ts'
import { positionsAbout } from './find-records.ts'
import type { LedgerEvent, LedgerRecord } from './ledger-event.ts'
import {
  deletePrivate,
  intakeQuery,
  intakeStep,
  newestCheckpoint,
  readHead,
  readLeaves,
  readRecordsAt,
  readTile,
  trimCheckpoints,
} from './ledger-store.ts'
import {
  type ConsistencyProof,
  consistencyPath,
  type InclusionProof,
  inclusionPath,
  type ReadTile,
} from './proofs.ts'
import { makeRecord, type NewRecord } from './record.ts'
import { sequenceIntake } from './sequence.ts'
import {
  type ReadyAnswer,
  readyAnswer,
  type SharedAnswer,
  type Sharing,
  sharedRecord,
} from './shared-record.ts'
import { signCheckpoint } from './sign-checkpoint.ts'

/** The longest a committed record waits for its position and a checkpoint over it. */
const EVERY_MS = 1_000
/** What is appended within this shares one run. */
const GATHER_MS = 50
const KEEP_CHECKPOINTS = 1_000
/** Runs that signed something between two trims. */
const TRIM_EVERY = 100
const MOST_RECORDS = 1_000

export interface LedgerOptions {
  readonly storage: Storage
  /** Ed25519. */
  readonly key: SigningKey
  /** See `ledgerOrigin`. It names the log for ever. */
  readonly origin: string
  readonly clock: Clock
  readonly random: Random
  /** What a run of the sequencer threw; the next run comes as usual. */
  readonly onError?: (error: unknown) => void
  readonly wait?: Wait
}

/**
 * The append-only record of everything (contract 9). Writers append within their own transaction, so what they did and
 * its record are durable together. Afterwards one sequencer gives positions and signs checkpoints.
 */
export class Ledger {
  readonly #storage: Storage
  readonly #clock: Clock
  readonly #random: Random
  readonly #signer: CheckpointSigner
  readonly #onError: (error: unknown) => void
  readonly #wait: Wait | undefined
  #loop: Repetition | undefined
  #running: Promise<unknown> = Promise.resolve()
  #signed: TreeHead | undefined
  #signatures = 0
  #failure: unknown

  constructor(options: LedgerOptions) {
    this.#storage = options.storage
    this.#clock = options.clock
    this.#random = options.random
    this.#signer = new CheckpointSigner(options.origin, options.key)
    this.#onError = options.onError ?? (() => {})
    this.#wait = options.wait
  }

  /** The key to verify checkpoints with, as text (C2SP signed-note, "Verifier keys"). */
  get vkey(): string {
    return this.#signer.vkey
  }

  /** Why the last run of the sequencer failed; `undefined` when it did not. Readiness shows it. */
  get failure(): unknown {
    return this.#failure
  }

  /** Sequences what waits, signs, and keeps doing so. */
  async start(): Promise<void> {
    await this.sequence()
    this.#loop = repeat(() => this.sequence().then(() => {}), {
      everyMs: EVERY_MS,
      gatherMs: GATHER_MS,
      onError: this.#onError,
      ...(this.#wait ? { wait: this.#wait } : {}),
    })
  }

  /** Leaves nothing unsequenced that was committed before. */
  async stop(): Promise<void> {
    await this.#loop?.stop()
    await this.sequence()
  }

  /**
   * Records the events in their order, a few hundred at most, when `tx` commits.
   * @throws Problem `ledger.record_too_large`
   */
  async append(tx: Tx, ...events: readonly LedgerEvent[]): Promise<void> {
    const records = events.map((event) => this.makeRecord(event))
    if (records.length > 0) await intakeQuery(tx, records).execute()
  }

  /** The same as a step of a `commit`. */
  appendStep(event: LedgerEvent): Step {
    return intakeStep(this.#storage.read, this.makeRecord(event))
  }

  /**
   * Gives positions to everything that was committed before the call, signs a checkpoint over it, and answers how many
   * records got their position here. Usually the loop does this.
   * @throws Problem `ledger.inconsistent`: the store was tampered with or rolled back; nothing is signed any more
   */
  sequence(): Promise<number> {
    const run = this.#running.then(() => this.#sequence())
    this.#running = run.catch(() => {})
    return run
  }

  /** The newest checkpoint, a signed note. */
  async checkpoint(): Promise<string> {
    const newest = await newestCheckpoint(this.#storage.read)
    if (newest) return newest.note
    await this.sequence()
    return this.checkpoint()
  }

  /**
   * That a record is in the tree of `size` records (default: that of the newest checkpoint).
   * @throws Problem `ledger.unknown_position`
   */
  async inclusionProof(position: number, size?: number): Promise<InclusionProof> {
    const total = await this.#sizeUpTo(size)
    if (!isWithin(position, 0, total - 1)) throw unknownPosition(position)
    const [leaf] = await readLeaves(this.#storage.read, position, position + 1)
    if (!leaf) throw new Problem('ledger.inconsistent', `record ${position} is missing`)
    const path = await inclusionPath(this.#readTile, position, total)
    return { position, size: total, leafHash: base64(leaf.leafHash), hashes: path.map(base64) }
  }

  /**
   * That the tree of `to` records (default: that of the newest checkpoint) begins with the tree of `from` records.
   * @throws Problem `ledger.unknown_position`
   */
  async consistencyProof(from: number, to?: number): Promise<ConsistencyProof> {
    const total = await this.#sizeUpTo(to)
    if (!isWithin(from, 0, total)) throw unknownPosition(from)
    const path = from === 0 ? [] : await consistencyPath(this.#readTile, from, total)
    return { from, to: total, hashes: path.map(base64) }
  }

  /** How many records have a position. */
  async size(): Promise<number> {
    return (await readHead(this.#storage.read))?.size ?? 0
  }

  /** Records from a position on, at most 1,000. */
  async records(from: number, limit: number): Promise<readonly LedgerRecord[]> {
    const to = from + Math.min(limit, MOST_RECORDS)
    const leaves = await readLeaves(this.#storage.read, from, to)
    return leaves.map(({ position, record }) => ({
      position,
      record: Buffer.from(record).toString('utf8'),
    }))
  }

  /** Positions of everything that was recorded about a decision, up to this call. */
  async positionsAbout(decision: {
    readonly id: string
    readonly at: number
  }): Promise<readonly number[]> {
    await this.sequence()
    return positionsAbout(this.#storage.read, await this.size(), decision)
  }

  /** The decisions that these records are about, each once. */
  async decisionsAt(tx: Tx, positions: readonly number[]): Promise<readonly string[]> {
    const records = await readRecordsAt(tx, positions)
    return [...new Set(records.flatMap(decisionsOf))]
  }

  /**
   * Erases what was kept beside these records: salts and values. The tree, its checkpoints and every proof stay as they
   * are; that something was erased is recorded. Answers how many records had something.
   * What decisions were made from has to go with it: `eraseValues` of the room `decisions` does both.
   */
  async erasePrivate(
    tx: Tx,
    erasure: {
      readonly positions: readonly number[]
      readonly by: string
      readonly reason: string
    },
  ): Promise<number> {
    const { positions, by, reason } = erasure
    const erased = await deletePrivate(tx, positions)
    await this.append(tx, { type: 'ledger.erased', by, reason, facts: { erased, positions } })
    return erased
  }

  /**
   * Writes everything an offline verifier needs, as of a checkpoint over all that was committed before the call:
   * `checkpoint`, `vkey`, `tile/<level>/…`, `tile/entries/…`; with `private`, also `private.jsonl` (for those only who may
   * see arguments and addresses). The checkpoint comes last: an export that was interrupted has none.
   */
  async exportTo(write: WriteFile, options: { readonly private?: boolean } = {}): Promise<void> {
    await this.sequence()
    const note = await this.checkpoint()
    const size = readTreeHead(note)?.size ?? 0
    await writeTree(this.#storage.read, size, write)
    if (options.private) await writePrivate(this.#storage.read, size, write)
    await write('vkey', Buffer.from(`${this.vkey}\n`))
    await write('checkpoint', Buffer.from(note))
  }

  /** The bytes of a record, for whoever appends it (`GatheredRecords`). The sequencer is told that one comes. */
  makeRecord(event: LedgerEvent): NewRecord {
    const made = makeRecord(event, this.#clock.now(), this.#random)
    this.#loop?.wake()
    return made
  }

  /** An answer that will share a record. */
  readyAnswer(answer: SharedAnswer): ReadyAnswer {
    return readyAnswer(answer, this.#random)
  }

  /** As `makeRecord`, of answers that share it. */
  makeShared(sharing: Sharing, answers: readonly ReadyAnswer[]): NewRecord {
    this.#loop?.wake()
    return sharedRecord(sharing, answers, this.#clock.now(), this.#random)
  }

  async #sequence(): Promise<number> {
    try {
      const count = await sequenceIntake(this.#storage)
      const signed = this.#signed
      const newest = await signCheckpoint(this.#storage, this.#signer, this.#clock, signed)
      this.#signed = readTreeHead(newest.note)
      if (newest.size !== signed?.size && ++this.#signatures % TRIM_EVERY === 0)
        await trimCheckpoints(this.#storage, KEEP_CHECKPOINTS)
      this.#failure = undefined
      return count
    } catch (error) {
      this.#failure = error
      throw error
    }
  }

  readonly #readTile: ReadTile = (level, index) => readTile(this.#storage.read, level, index)

  async #sizeUpTo(size: number | undefined): Promise<number> {
    const total = size ?? readTreeHead(await this.checkpoint())?.size ?? 0
    if (!isWithin(total, 0, await this.size())) throw unknownPosition(total)
    return total
  }
}

/** One for most records; those that several answers share have one for each. */
function decisionsOf(record: string): readonly string[] {
  const { decision_id, facts }: Said = JSON.parse(record) // written by makeRecord or makeShared
  const shared = facts?.decisions?.map((each) => each.decision_id) ?? []
  return decision_id === undefined ? shared : [decision_id]
}

interface Said {
  readonly decision_id?: string
  readonly facts?: { readonly decisions?: readonly { readonly decision_id: string }[] }
}

function isWithin(number: number, least: number, most: number): boolean {
  return Number.isSafeInteger(number) && number >= least && number <= most
}

function unknownPosition(position: number): Problem {
  return new Problem('ledger.unknown_position', `the ledger has no ${position}`)
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64')
}
