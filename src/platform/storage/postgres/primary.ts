import type pg from 'pg'
import { unavailable } from '../failure.ts'
import { sqlStateOf } from './failure.ts'

/** Oldest PostgreSQL that is tested: 15. */
const OLDEST = 150_000
/** undefined_function, insufficient_privilege, feature_not_supported */
const CANNOT_TELL = new Set(['42883', '42501', '0A000'])

const CHECK = `
  SELECT pg_is_in_recovery() AS standby,
         current_setting('server_version_num')::int AS version,
         current_setting('fsync') AS fsync,
         current_setting('synchronous_standby_names') AS standbys,
         -- INVARIANT: COMMIT answers after the log is on disk, here and on the synchronous standbys.
         CASE WHEN current_setting('synchronous_commit') IN ('off', 'local', 'remote_write')
              THEN set_config('synchronous_commit', 'on', false) END AS raised`

const IDENTITY = `
  SELECT system_identifier::text AS system,
         ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::int AS timeline
  FROM pg_control_system()`

/**
 * Rule about a commit that is on no other server yet. `required`: without a standby that confirms
 * commits, nothing is done. `warned`: that is reported. `single`: no other server is wanted.
 */
export type Replication = 'required' | 'warned' | 'single'

export interface PrimaryOptions {
  readonly replication?: Replication | undefined
  /** Called after a failover that may have lost something. */
  readonly onFailover?: ((what: string) => void) | undefined
}

interface Identity {
  readonly system: string
  readonly timeline: number
}

/**
 * Finds out which server is the primary. A standby is behind, and an old primary that is still
 * reachable after a failover has another future: nothing may be read from or written to either.
 * Every connection is checked when it is made; a failover raises the timeline (PostgreSQL manual
 * 25.3.6), and connections from before are not used again.
 */
export class Primary {
  #newest: Identity | undefined
  readonly #timelines = new WeakMap<pg.ClientBase, number>()
  #warnings: readonly string[] = []
  readonly #replication: Replication
  readonly #onFailover: (what: string) => void

  constructor({ replication = 'warned', onFailover = () => {} }: PrimaryOptions = {}) {
    this.#replication = replication
    this.#onFailover = onFailover
  }

  get warnings(): readonly string[] {
    return this.#warnings
  }

  /** @throws Problem `storage.unavailable` when this is not the primary */
  async check(client: pg.ClientBase): Promise<void> {
    const { rows } = await client.query<{
      standby: boolean
      version: number
      fsync: string
      standbys: string
    }>(CHECK)
    const [server] = rows
    if (!server || server.standby) throw unavailable('the database is a standby, not the primary')
    if (server.version < OLDEST) throw unavailable('PostgreSQL 15 or newer is needed')
    const alone = server.standbys.trim() === ''
    if (alone && this.#replication === 'required')
      throw unavailable(
        'synchronous replication is off (synchronous_standby_names is empty), and REMIT_DATABASE_REPLICATION requires it',
      )
    const identity = await identityOf(client)
    if (identity) this.#accept(client, identity, alone)
    this.#warnings = [
      ...(server.fsync === 'on'
        ? []
        : ['fsync is off in PostgreSQL: a power cut loses what was acknowledged']),
      ...(!alone || this.#replication === 'single'
        ? []
        : [
            'synchronous replication is off (synchronous_standby_names is empty): after a failover, revocations and ' +
              'single uses that were acknowledged can be missing',
          ]),
      ...(identity
        ? []
        : [
            'the database does not say which timeline it is on: an old primary cannot be told apart',
          ]),
    ]
  }

  /** System identifier and timeline of the newest primary that was seen. */
  get lineage(): string | undefined {
    return this.#newest && `${this.#newest.system}/${this.#newest.timeline}`
  }

  isCurrent(client: pg.ClientBase): boolean {
    const timeline = this.#timelines.get(client)
    return timeline === undefined || timeline === this.#newest?.timeline
  }

  #accept(client: pg.ClientBase, { system, timeline }: Identity, alone: boolean): void {
    if (this.#newest && system !== this.#newest.system)
      throw unavailable('this is another database cluster than the one this process started with')
    if (this.#newest && timeline < this.#newest.timeline)
      throw unavailable('this database was primary before a failover and is not any more')
    if (this.#newest && timeline > this.#newest.timeline && alone)
      this.#onFailover(
        `the database failed over (timeline ${this.#newest.timeline} to ${timeline}) without synchronous replication: ` +
          'revocations and single uses that were acknowledged just before can be missing, also where the ledger finds nothing missing',
      )
    this.#newest = { system, timeline }
    this.#timelines.set(client, timeline)
  }
}

async function identityOf(client: pg.ClientBase): Promise<Identity | undefined> {
  try {
    const { rows } = await client.query<{ system: string; timeline: number }>(IDENTITY)
    return rows[0]
  } catch (error) {
    if (CANNOT_TELL.has(sqlStateOf(error) ?? '')) return undefined
    throw error
  }
}
