import type { TextKeeper } from './head-file.ts'

/** System identifier and timeline, as `Storage.lineage` says them. */
const LINEAGE = /^(\d+)\/(\d+)$/

/**
 * Lineage that this server saw last, also before it was started: so a failover while no server ran
 * is reported as well. It is reported and stops nothing. Lost records of the ledger are found by
 * the signed head; those that were lost before they were ever signed cannot be.
 */
export class KnownLineage {
  readonly #keeper: TextKeeper | undefined
  readonly #onError: (error: unknown) => void
  #loaded = false
  #known: string | undefined

  constructor(keeper: TextKeeper | undefined, onError: (error: unknown) => void) {
    this.#keeper = keeper
    this.#onError = onError
  }

  /**
   * Compares a lineage with the last one and keeps it. Where the database does not tell it (a file;
   * a PostgreSQL that refuses the functions), there is nothing to compare.
   */
  async see(lineage: string | undefined): Promise<void> {
    const keeper = this.#keeper
    if (!keeper || lineage === undefined || lineage === this.#known) return
    try {
      // A failover while this server runs is told by the store.
      if (!this.#loaded) this.#tell((await keeper.read())?.trim(), lineage)
      this.#loaded = true
      this.#known = lineage
      await keeper.write(`${lineage}\n`)
    } catch (error) {
      this.#onError(new Error(`${keeper.where} could not be kept`, { cause: error }))
    }
  }

  #tell(before: string | undefined, now: string): void {
    const [, system, timeline] = LINEAGE.exec(before ?? '') ?? []
    const [, newSystem, newTimeline] = LINEAGE.exec(now) ?? []
    if (timeline === undefined || before === now) return
    const what =
      system === newSystem
        ? `the database failed over, or was restored to an earlier moment (timeline ${timeline} to ${newTimeline})`
        : `this is another database cluster than before (${system} to ${newSystem})`
    this.#onError(
      new Error(
        `${what} while this server did not run: the ledger has everything that was signed here, but what was acknowledged in the ` +
          'last second before can be missing, revocations and single uses among it',
      ),
    )
  }
}
