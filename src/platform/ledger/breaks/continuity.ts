import { sameBytes } from '../../lib/bytes.ts'
import type { Clock } from '../../lib/clock.ts'
import { Problem } from '../../lib/problem.ts'
import type { Storage, Tx } from '../../storage/index.ts'
import { type CheckpointSigner, readTreeHead, type TreeHead } from '../checkpoint.ts'
import type { LedgerEvent } from '../ledger-event.ts'
import { readHead, type StoredCheckpoint } from '../ledger-store.ts'
import { MissingHead, rootAt, signCheckpoint } from '../sign-checkpoint.ts'
import { KnownRoots } from '../tree.ts'
import { insertBreak, listCheckpoints, readBreaks } from './break-store.ts'
import type { TextKeeper } from './head-file.ts'
import { KnownLineage } from './known-lineage.ts'
import type { CommonPart, LedgerBreak } from './ledger-break.ts'
import { isPermit } from './permits.ts'

/** Minimum time between two writes of the head outside the database. */
const KEEP_EVERY_MS = 1_000

export interface ContinuityPorts {
  readonly storage: Storage
  readonly signer: CheckpointSigner
  readonly clock: Clock
  readonly keeper?: TextKeeper | undefined
  readonly lineageKeeper?: TextKeeper | undefined
  readonly onError: (error: unknown) => void
  readonly append: (tx: Tx, event: LedgerEvent) => Promise<void>
}

/**
 * Checks whether the ledger still contains all that was signed. The newest signed head is remembered in
 * this process and in a file outside the database; a missing head is written down for every server,
 * and stops every permit until an administrator goes on without it.
 */
export class Continuity {
  readonly #ports: ContinuityPorts
  #signed: TreeHead | undefined
  #loaded = false
  /** Number of the history that the last run looked at. */
  #history: number | undefined
  #keptNote: string | undefined
  #keptAt = Number.NEGATIVE_INFINITY
  #found: LedgerBreak | undefined
  readonly #known: KnownLineage
  readonly #roots = new KnownRoots()
  /** Lineage of the database when it was last compared. */
  #lineage: string | undefined

  constructor(ports: ContinuityPorts) {
    this.#ports = ports
    this.#lineage = ports.storage.lineage?.()
    this.#known = new KnownLineage(ports.lineageKeeper, ports.onError)
  }

  get found(): LedgerBreak | undefined {
    return this.#found
  }

  /** Reason why nothing is permitted; does no I/O. */
  get broken(): string | undefined {
    return this.#found?.detail ?? (this.isUnchecked ? 'the database failed over' : undefined)
  }

  get signedSize(): number | undefined {
    return this.#signed?.size
  }

  /** True when another server of the database answers than when it was last compared. */
  get isUnchecked(): boolean {
    return this.#ports.storage.lineage?.() !== this.#lineage
  }

  /** @throws Problem `ledger.inconsistent` where this would permit something */
  requireUnbroken(type: string): void {
    if (!isPermit(type)) return
    if (this.#found) throw new Problem('ledger.inconsistent', this.#found.detail)
    if (this.isUnchecked)
      throw new Problem(
        'ledger.inconsistent',
        'the database failed over and is being checked against the signed ledger; try again in a moment',
      )
  }

  /**
   * Compares the tree with the signed head, and signs it as it is.
   * @throws Problem `ledger.inconsistent`
   */
  async sign(): Promise<StoredCheckpoint> {
    const { clock, signer, storage } = this.#ports
    const lineage = storage.lineage?.()
    const { history, open } = await readBreaks(storage.read)
    this.#history = history
    if (open) {
      this.#found = open
      throw new Problem('ledger.inconsistent', open.detail)
    }
    await this.#load()
    const newest = await signCheckpoint(storage, signer, clock, {
      ...{ history, known: this.#roots },
      signed: this.#signed,
    })
    this.#signed = readTreeHead(newest.note)
    this.#found = undefined
    this.#lineage = lineage
    await this.#keep(newest.note, false)
    await this.#known.see(lineage)
    return newest
  }

  /** Writes the head that is not kept yet, when the process ends. */
  async flush(note: string): Promise<void> {
    await this.#keep(note, true)
  }

  /**
   * Notes a failed run of the sequencer: when it is a break, nothing is permitted from now on, here
   * and soon everywhere.
   */
  async noteFailure(error: unknown): Promise<void> {
    if (!(error instanceof Problem) || error.code !== 'ledger.inconsistent') return
    const { clock, storage } = this.#ports
    const head = error instanceof MissingHead ? error.head : undefined
    // INVARIANT: first here, where it needs nothing that could fail.
    this.#found ??= { history: 0, detail: error.detail, head, size: 0, foundAt: clock.now() }
    const { history, open } = await readBreaks(storage.read)
    if (open) {
      this.#found = open
      return
    }
    const ended = this.#history !== undefined && this.#history !== history
    this.#history = history
    // The break was accepted while the run looked at the history before it. The next run looks at the history that began.
    if (ended) return
    const found = {
      history: Math.max(history, head?.history ?? 0) + 1,
      detail: error.detail,
      size: (await readHead(storage.read))?.size ?? 0,
      foundAt: clock.now(),
    }
    this.#found = { ...found, head }
    await this.#write(found, head)
  }

  /**
   * Forgets the signed head, because an administrator went on without the missing records: earlier
   * heads no longer count.
   */
  forget(): void {
    this.#signed = undefined
    this.#found = undefined
  }

  /**
   * Finds the part that the present tree has in common with the signed one, as far as stored
   * checkpoints tell.
   */
  async common({ head }: Pick<LedgerBreak, 'head'>): Promise<CommonPart> {
    const { storage } = this.#ports
    for (const { at, note, size } of await listCheckpoints(storage.read)) {
      const signed = readTreeHead(note)
      if (!signed || (head && size > head.size)) continue
      const root = await rootAt(storage, size).catch(() => undefined)
      if (root && sameBytes(root, signed.root)) return { size, at }
    }
    return { size: 0, at: undefined }
  }

  async #write(found: Omit<LedgerBreak, 'head'>, head: TreeHead | undefined): Promise<void> {
    const { append, storage } = this.#ports
    const note = head ? `lost\n${head.size}\n${Buffer.from(head.root).toString('base64')}\n` : ''
    const text = head && head.history > 0 ? `${note}history ${head.history}\n` : note
    await storage.transaction(async (tx) => {
      if (!(await insertBreak(tx, found, text))) return
      await append(tx, {
        type: 'ledger.break_found',
        by: 'system',
        reason: 'ledger.inconsistent',
        facts: { history: found.history, size: found.size, head: headFacts(head) },
      })
    })
  }

  /**
   * Loads the head of the file, once. A file without a head is ignored; a damaged one stops
   * everything.
   */
  async #load(): Promise<void> {
    const { keeper, onError, signer } = this.#ports
    if (this.#loaded || !keeper) return
    const note = await keeper.read()
    this.#loaded = true
    if (note === undefined) return
    const head = readTreeHead(note)
    if (!head) {
      this.#loaded = false
      throw new Problem('ledger.inconsistent', `${keeper.where} is not a signed head`)
    }
    if (signer.isOwn(note)) this.#signed ??= head
    else onError(new Error(`${keeper.where} is the head of another ledger, and is replaced`))
  }

  async #keep(note: string, now: boolean): Promise<void> {
    const { clock, keeper, onError } = this.#ports
    if (!keeper || note === this.#keptNote) return
    if (!now && clock.monotonic() - this.#keptAt < KEEP_EVERY_MS) return
    this.#keptAt = clock.monotonic()
    try {
      await keeper.write(note)
      this.#keptNote = note
    } catch (error) {
      onError(new Error(`the signed head could not be kept in ${keeper.where}`, { cause: error }))
    }
  }
}

export function headFacts(head: TreeHead | undefined) {
  if (!head) return undefined
  return { size: head.size, root: Buffer.from(head.root).toString('base64') }
}
