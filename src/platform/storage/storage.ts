import type { CompiledQuery, Kysely, RawBuilder } from 'kysely'
import type { StorageBuild } from './build.ts'
import type { Guard } from './guard.ts'
import type { Schema } from './schema.ts'

export type Reader = Kysely<Schema>
export type Tx = Kysely<Schema>

/** Statement that a connection may prepare once, under this name. */
export interface PreparedQuery extends CompiledQuery {
  readonly preparedAs?: string
}

interface Statement {
  readonly query: { compile(): PreparedQuery }
  /** Number of rows that the statement must have touched. */
  readonly rows: number | 'any'
}

/**
 * Statement of a `commit`, with the guard that fails when it touches other rows. One with a mere
 * name always holds, whatever anybody sends; that it does not is a fault of ours.
 */
export type Step = Statement &
  (
    | { readonly guard: Guard; readonly name?: never }
    | { readonly name: string; readonly guard?: never }
  )

export type CommitResult =
  | { readonly committed: true }
  | { readonly committed: false; readonly failed: Guard }

export interface CommitOptions {
  readonly isBehind?: boolean
  readonly lockWithin?: number
}

/** Answers for the step that failed, if one did. @throws Error for one without a guard */
export function committedUnless(failed: Step | undefined): CommitResult {
  if (!failed) return { committed: true }
  if (!failed.guard) throw new Error(`a statement touched other rows than it must: ${failed.name}`)
  return { committed: false, failed: failed.guard }
}

/**
 * View of the store over connections that nothing else uses. On PostgreSQL a transaction of a lane
 * whose caller is silent ends soon, and a lock that a revocation does not get in time is asked for
 * again. Transactions of the renewal lane are read committed. On SQLite all writes share one queue,
 * and transactions of a lane go to its front.
 */
export type Lane = Pick<Storage, 'read' | 'transaction' | 'now'>

export interface TransactionOptions {
  /** True: what it deletes or replaces is overwritten in the file. On SQLite; PostgreSQL does so when it uses the room again. */
  readonly erases?: boolean
}

/** Connections to the store for one purpose. */
export interface PoolLoad {
  readonly name: string
  readonly used: number
  readonly idle: number
  readonly max: number
  /** Requests that wait for a connection. */
  readonly waiting: number
}

/** Work that waits for the store, and the connections to it; no connections where it is a file. */
export interface StorageLoad {
  /** Writes that have not been answered. */
  readonly writes: number
  readonly pools: readonly PoolLoad[]
}

/**
 * Durable state. Two engines behind it: SQLite (WAL, synchronous=FULL, one writer thread with group commit) and PostgreSQL.
 * Nothing is acknowledged before it is durable. Authorization never reads anything but the primary.
 */
export interface Storage {
  readonly engine: 'sqlite' | 'postgres'
  /** Schema of the build that opened it. */
  readonly build: StorageBuild
  /** True when other servers may write to it, too: they count, and are judged by their leases. */
  readonly shared: boolean
  /**
   * Lets other processes of this machine write through this one; answers what `openStorage` needs there. Absent where they reach the
   * database by themselves.
   */
  share?(): Promise<string>
  /** Reads of the last committed state. Never write through it. */
  readonly read: Reader
  /**
   * Runs `work` as one serialisable unit and answers after it is durable. A throw rolls back.
   * On SQLite, transactions run one after another: keep them short and never wait for anything else inside.
   * `work` may run again, after a serialisation failure on PostgreSQL or a turn that was lost on SQLite: it must have no effect but its
   * statements.
   * A statement that fails ends the transaction, also when its error is caught: use ON CONFLICT to go on.
   *
   * @throws Problem `storage.unavailable`: not done, or not known to be done. `isDuplicate` tells a taken key apart.
   */
  transaction<T>(work: (tx: Tx) => Promise<T>, how?: TransactionOptions): Promise<T>
  /**
   * Commits all steps or none, in order, in one round trip to the writer. The hot path uses this. A
   * key that is taken fails its step as other rows do.
   * `isBehind`: no caller waits for it, or the answer was given already, so the commit may wait a few milliseconds for the next one and share it.
   * `lockWithin`: time in ms in which it has to get the lock of each row. On PostgreSQL; SQLite has no such locks.
   *
   * @throws Problem `storage.unavailable`: not done, or not known to be done; `server.busy`: a row was locked for longer than
   * `lockWithin`, and nothing was done
   * @throws Error a step without a guard failed: nothing was done
   */
  commit(steps: readonly Step[], how?: CommitOptions): Promise<CommitResult>
  /** Database time in epoch milliseconds: the clock of leases and expiry across replicas. */
  now(): Promise<number>
  /** Database time as part of a statement, read when the statement runs. */
  time(): RawBuilder<number>
  /**
   * Database time without asking the database, where it is this process's own clock. Absent where
   * the store is shared.
   */
  readonly nowAtHand?: (() => number) | undefined
  /** Lanes for transactions that must wait behind no call. */
  readonly lanes: { readonly renewal: Lane; readonly revocation: Lane }
  /**
   * Identifies which of its futures the database is in: another text after a failover, or a restore
   * to an earlier moment. Absent where it cannot be told, as with a file.
   */
  lineage?(): string | undefined
  /** Hints to the other replicas. Correctness never depends on one arriving. */
  notify(channel: string): void
  onNotify(channel: string, listener: () => void): () => void
  /** Calls once when this process can never write again, whatever happens: only another process can. */
  onLost?(listener: (error: Error) => void): void
  /**
   * Warnings that an operator should see although everything works, for readiness and `doctor`.
   * Empty when all is well.
   */
  warnings(): readonly string[]
  /** Counters of this process about its store. Makes no request. */
  load(): StorageLoad
  /**
   * Runs a transaction that keeps every other process from doing the same meanwhile, without a time
   * limit. Runs it again when it lost against a transaction of another kind. For migrations.
   */
  exclusively<T>(work: (tx: Tx) => Promise<T>): Promise<T>
  /** Finishes statements under way and lets go. Closing twice is fine. */
  close(): Promise<void>
}

/** Store as its engine opens it, which knows nothing of builds. */
export type EngineStorage = Omit<Storage, 'build'>
