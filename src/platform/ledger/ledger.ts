import type { SigningKey } from '../keys/index.ts'
import type { Clock } from '../lib/clock.ts'
import { Problem } from '../lib/problem.ts'
import type { Random } from '../lib/random.ts'
import { type Repetition, repeat, type Wait } from '../lib/repeat.ts'
import type { Step, Storage, Tx } from '../storage/index.ts'
import { appendRecords, appendStep, countOutside } from './append-store.ts'
import { acceptBreaks, deleteCheckpointsBeyond, readBreaks } from './breaks/break-store.ts'
import { Continuity, headFacts } from './breaks/continuity.ts'
import type { TextKeeper } from './breaks/head-file.ts'
import type { CommonPart, LedgerBreak } from './breaks/ledger-break.ts'
import { PackedBundles } from './bundles/packed-bundles.ts'
import { Packer } from './bundles/packer.ts'
import { CheckpointSigner, readTreeHead } from './checkpoint.ts'
import { exportPrivateValues, type WriteFile, writeSealed, writeTree } from './export.ts'
import { decisionsAt, positionsAbout } from './find-records.ts'
import type { LedgerEvent, LedgerRecord } from './ledger-event.ts'
import { countIntake, deletePrivate, newestCheckpoint, privatePositions } from './ledger-store.ts'
import type { ConsistencyProof, InclusionProof } from './proofs.ts'
import { makeRecord, type NewRecord } from './record.ts'
import { type ArchivedRecords, NOTHING_ARCHIVED, RecordReader } from './record-reader.ts'
import { RefusalTally } from './refusal-tally.ts'
import { LedgerSealing } from './sealing.ts'
import { sequenceIntake } from './sequence.ts'
import { Sequencer } from './sequencer.ts'
import {
  type ReadyAnswer,
  readyAnswer,
  type SharedAnswer,
  type SharedProperties,
  sharedRecord,
} from './shared-record.ts'
import { rootAt } from './sign-checkpoint.ts'
import {
  asText,
  proveConsistency,
  proveInclusion,
  recordsFrom,
  requireWithin,
  treeSize,
} from './stored-tree.ts'
import { UnplacedRecords } from './unplaced-records.ts'

/** Pause between two looks for bundles that became full. */
const PACK_EVERY_MS = 1_000

export interface LedgerOptions {
  readonly storage: Storage
  /** Ed25519. */
  readonly key: SigningKey
  /** Name of the log, for ever. See `ledgerOrigin`. */
  readonly origin: string
  readonly clock: Clock
  readonly random: Random
  /** Keepers of the newest signed head and its lineage outside the database; absent: not kept. */
  readonly keeper?: TextKeeper
  readonly lineageKeeper?: TextKeeper
  /** Receives the errors of a run of the sequencer; the next run comes as usual. */
  readonly onError?: (error: unknown) => void
  readonly wait?: Wait
  /** Records that left the database. Default: none has. */
  readonly archived?: ArchivedRecords
  /** False: refusals are counted, and not recorded. Default: always true. */
  readonly hasRoom?: () => boolean
}

/**
 * The append-only record of everything (contract 9). Writers append within their own transaction, so what they did and
 * its record are durable together. Afterwards one sequencer gives positions and signs checkpoints.
 */
export class Ledger {
  /** Refusals that are counted instead of recorded one by one. */
  readonly refusals: RefusalTally
  readonly #storage: Storage
  readonly #packed = new PackedBundles()
  readonly #records: RecordReader
  readonly #archived: ArchivedRecords
  readonly #clock: Clock
  readonly #random: Random
  readonly #signer: CheckpointSigner
  readonly #continuity: Continuity
  readonly #sequencer: Sequencer
  readonly #packer: Packer
  readonly #onError: (error: unknown) => void
  #packing: Repetition | undefined
  #stopping = new AbortController()

  constructor(options: LedgerOptions) {
    this.#storage = options.storage
    this.#archived = options.archived ?? NOTHING_ARCHIVED
    this.#records = new RecordReader(options.storage.read, this.#packed, this.#archived)
    this.#clock = options.clock
    this.#random = options.random
    this.#signer = new CheckpointSigner(options.origin, options.key)
    const { onError = () => {} } = options
    this.#continuity = new Continuity({
      ...{ ...options, signer: this.#signer, onError },
      append: (tx, event) => this.append(tx, event),
    })
    this.refusals = new RefusalTally({
      ...options,
      hasRoom: options.hasRoom ?? (() => true),
      appendStep: (event) => this.appendStep(event),
      wake: () => this.#sequencer.wake(),
    })
    const { refusals } = this
    this.#sequencer = new Sequencer({ ...options, continuity: this.#continuity, onError, refusals })
    this.#packer = new Packer(options.storage, options.clock)
    this.#onError = onError
  }

  /** The key to verify checkpoints with, as text (C2SP signed-note, "Verifier keys"). */
  get vkey(): string {
    return this.#signer.vkey
  }

  /** View of it for the archive. */
  get sealing(): LedgerSealing {
    return new LedgerSealing(this.#storage, this.#packed, this.#signer)
  }

  /** Error of the last run of the sequencer, if it failed. Readiness shows it. */
  get failure(): unknown {
    return this.#sequencer.failure
  }

  /** Problem with a record that is not the one in the tree, if one was found. Calls go on; an operator has to look. */
  get damage(): Problem | undefined {
    return this.#packer.damage
  }

  /** Time since positions were given and signed, in milliseconds: no record waits longer than that. */
  sinceSequenced(): number {
    return this.#sequencer.sinceRun()
  }

  /** Number of records in the newest tree that this process signed. */
  get signedSize(): number {
    return this.#continuity.signedSize ?? 0
  }

  /** Number of records that wait for their position. */
  waiting(): Promise<number> {
    const { read } = this.#storage
    return Promise.all([countIntake(read), countOutside(read)]).then(([a, b]) => a + b)
  }

  /**
   * Reason why nothing is permitted: the ledger does not contain a head that was signed before. Read in
   * the tick that writes the first byte, and for running calls; does no I/O.
   */
  get broken(): string | undefined {
    return this.#continuity.broken
  }

  /** The break that an administrator has to look at, and what the present tree has in common with the signed one. */
  async openBreak(): Promise<(LedgerBreak & { readonly common: CommonPart }) | undefined> {
    const { open } = await readBreaks(this.#storage.read)
    return open && { ...open, common: await this.#continuity.common(open) }
  }

  /**
   * Goes on without the missing records: a new history begins with the present tree. `ready` looks, in the transaction, whether
   * everything that may have been lost is void by now; `facts` say what was done for that.
   * @throws Problem `ledger.no_break`, `ledger.inconsistent` where the tree itself is damaged
   */
  async acceptBreak(
    history: number,
    by: string,
    {
      facts,
      ready,
    }: { readonly facts: LedgerEvent['facts']; readonly ready: (tx: Tx) => Promise<void> },
  ): Promise<void> {
    await sequenceIntake(this.#storage, new UnplacedRecords(this.#storage.read, this.#clock))
    const found = await this.openBreak()
    if (found?.history !== history) throw noBreak(history)
    const size = await this.size()
    const root = Buffer.from(await rootAt(this.#storage, size)).toString('base64')
    await this.#storage.transaction(async (tx) => {
      await ready(tx)
      if ((await acceptBreaks(tx, by, this.#clock.now())) === 0) throw noBreak(history)
      await deleteCheckpointsBeyond(tx, found.common.size)
      await this.append(tx, {
        type: 'ledger.break_accepted',
        by,
        reason: 'ledger.inconsistent',
        facts: {
          ...{ history, size, root, common_size: found.common.size },
          head: headFacts(found.head),
          ...facts,
        },
      })
    })
    this.#continuity.forget()
    await this.sequence()
  }

  /** Sequences what waits, signs, packs what became full, and keeps doing so. */
  async start(): Promise<void> {
    await this.#sequencer.start()
    this.#stopping = new AbortController()
    const pack = () => this.pack(this.#stopping.signal).then(() => {})
    this.#packing = repeat(pack, { everyMs: PACK_EVERY_MS, onError: this.#onError })
  }

  /** Leaves nothing unsequenced that was committed before. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#packing?.stop()
    await this.#sequencer.stop()
  }

  /**
   * Packs records behind the newest head that this process signed, and answers how many bundles it
   * packed. Usually the loop does this.
   * @throws Problem `ledger.inconsistent`
   */
  async pack(signal?: AbortSignal): Promise<number> {
    // INVARIANT: what an administrator has to look at stays as it is.
    return this.broken === undefined ? this.#packer.pack(this.signedSize, signal) : 0
  }

  /**
   * Records the events in their order, a few hundred at most, when `tx` commits.
   * @throws Problem `ledger.record_too_large`
   */
  async append(tx: Tx, ...events: readonly LedgerEvent[]): Promise<void> {
    const records = events.map((event) => this.makeRecord(event))
    await appendRecords(tx, this.#storage.engine, records)
  }

  /** Makes the append a step of a `commit`. */
  appendStep(event: LedgerEvent): Step {
    return appendStep(this.#storage, [this.makeRecord(event)])
  }

  /**
   * Gives positions to everything that was committed before the call, signs a checkpoint over it, and answers how many
   * records got their position here. Usually the loop does this.
   * @throws Problem `ledger.inconsistent`: the store was tampered with or rolled back; nothing is signed any more
   */
  sequence(): Promise<number> {
    return this.#sequencer.run()
  }

  /** The newest checkpoint, a signed note. */
  async checkpoint(): Promise<string> {
    const newest = await newestCheckpoint(this.#storage.read)
    if (newest) return newest.note
    await this.sequence()
    return this.checkpoint()
  }

  /**
   * Proves that a record is in the tree of `size` records (default: that of the newest checkpoint).
   * @throws Problem `ledger.unknown_position`
   */
  async inclusionProof(position: number, size?: number): Promise<InclusionProof> {
    return proveInclusion(this.#storage.read, position, await this.#sizeUpTo(size))
  }

  /**
   * Proves that the tree of `to` records (default as above) begins with that of `from` records.
   * @throws Problem `ledger.unknown_position`
   */
  async consistencyProof(from: number, to?: number): Promise<ConsistencyProof> {
    return proveConsistency(this.#storage.read, from, await this.#sizeUpTo(to))
  }

  /** Number of records that have a position. */
  size(): Promise<number> {
    return treeSize(this.#storage.read)
  }

  /** Records from a position on, at most 1,000. */
  records(from: number, limit: number): Promise<readonly LedgerRecord[]> {
    return recordsFrom(this.#records, from, limit)
  }

  /** Finds the records about a decision that were written up to this call, by position. */
  async positionsAbout(decision: {
    readonly id: string
    readonly at: number
  }): Promise<readonly number[]> {
    await this.sequence()
    return positionsAbout(this.#records, await this.size(), decision)
  }

  /** The decisions that these records are about, each once. */
  decisionsAt(tx: Tx, positions: readonly number[]): Promise<readonly string[]> {
    return decisionsAt(new RecordReader(tx, this.#packed, this.#archived), positions)
  }

  /**
   * Erases salts and values kept beside these records; the tree, its checkpoints and every proof
   * stay. The erasure is recorded. Returns how many records had something. The inputs of decisions
   * have to go with them: `eraseValues` of the room `analysis` does both.
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

  /** Records at these positions, wherever they are. */
  async recordsAt(positions: readonly number[]): Promise<readonly LedgerRecord[]> {
    return (await this.#records.at(positions)).map(asText)
  }

  /** Records behind a position that still have values beside them, in their order. */
  async erasablesAfter(position: number, limit: number): Promise<readonly LedgerRecord[]> {
    const positions = await privatePositions(this.#storage.read, position, limit)
    return this.recordsAt(positions)
  }

  /**
   * Erases the private values beside these records, and answers of how many. For code that records that itself,
   * in the same transaction: the room `retention`.
   */
  eraseBeside(tx: Tx, positions: readonly number[]): Promise<number> {
    return deletePrivate(tx, positions)
  }

  /**
   * Writes all that an offline verifier needs, as of a checkpoint over everything committed before:
   * `vkey`, `tile/<level>/…`, `tile/entries/…`, and last `checkpoint` (none if interrupted).
   * With `private`, also `private.jsonl`, only for people who may see arguments and addresses. With `isLocal`, `segments` in
   * place of the records that are sealed in the archive.
   */
  async exportTo(
    write: WriteFile,
    options: { readonly private?: boolean; readonly isLocal?: boolean } = {},
  ): Promise<void> {
    await this.#sequencer.runIfWhole()
    const note = await this.checkpoint()
    const size = readTreeHead(note)?.size ?? 0
    const sealed = options.isLocal ? await this.#archived.spans(size) : []
    await writeTree(this.#records, { sealed, size }, write)
    if (options.isLocal) await writeSealed(sealed, write)
    if (options.private) await exportPrivateValues(this.#storage.read, size, write)
    await write('vkey', Buffer.from(`${this.vkey}\n`))
    await write('checkpoint', Buffer.from(note))
  }

  /** Makes a record for `GatheredRecords` to append, and tells the sequencer that one comes. */
  makeRecord(event: LedgerEvent): NewRecord {
    this.#requireUnbroken(event.type)
    const made = makeRecord(event, this.#clock.now(), this.#random)
    this.#sequencer.wake()
    return made
  }

  /** Prepares an answer that will share a record. */
  readyAnswer(answer: SharedAnswer): ReadyAnswer {
    return readyAnswer(answer, this.#random)
  }

  /** Makes the record that these answers share, and tells the sequencer that one comes. */
  makeShared(sharing: SharedProperties, answers: readonly ReadyAnswer[]): NewRecord {
    this.#requireUnbroken('evaluation.answered')
    this.#sequencer.wake()
    return sharedRecord(sharing, answers, this.#clock.now(), this.#random)
  }

  /** Throws when the ledger is broken. Wakes the sequencer if a comparison is still to be made. */
  #requireUnbroken(type: string): void {
    if (this.#continuity.isUnchecked) this.#sequencer.wake()
    this.#continuity.requireUnbroken(type)
  }

  async #sizeUpTo(size: number | undefined): Promise<number> {
    const total = size ?? readTreeHead(await this.checkpoint())?.size ?? 0
    return requireWithin(total, await this.size())
  }
}

function noBreak(history: number): Problem {
  return new Problem('ledger.no_break', `no break is waiting to be accepted as history ${history}`)
}
