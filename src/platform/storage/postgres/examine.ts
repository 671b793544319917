import pg from 'pg'
import { type ConnectionOptions, clientOptions } from './client.ts'
import { openingFailure } from './failure.ts'
import { shareProcess } from './sessions.ts'

/** Facts about a PostgreSQL server and the way to it, for diagnosis. */
export interface PostgresFacts {
  readonly version: string
  /** True: the server is a standby. */
  readonly isStandby: boolean
  /** `fsync`, `full_page_writes`, `synchronous_commit` and `synchronous_standby_names`, as a new session has them. */
  readonly settings: Readonly<Record<string, string>>
  /** Standbys that confirm commits now; null: this role may not see them. */
  readonly confirming: number | null
  /** True: connections use TLS. */
  readonly isEncrypted: boolean
  /** True: a pooler shares processes between open connections. */
  readonly sharesProcesses: boolean
  /** Limit of a statement in ms, as it came through; 0: none. */
  readonly statementTimeout: number
  /** Epoch milliseconds. */
  readonly now: number
}

const FACTS = `
  SELECT current_setting('server_version') AS version,
         pg_is_in_recovery() AS standby,
         (SELECT json_object_agg(name, reset_val)::text FROM pg_settings
           WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit', 'synchronous_standby_names')) AS settings,
         (SELECT CASE WHEN bool_or(state IS NULL) THEN NULL
                      ELSE count(*) FILTER (WHERE sync_state IN ('sync', 'quorum')) END
            FROM pg_stat_replication)::int AS confirming,
         coalesce((SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()), false) AS encrypted,
         (SELECT setting::int FROM pg_settings WHERE name = 'statement_timeout') AS timeout,
         floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now`

interface FactsRow {
  readonly version: string
  readonly standby: boolean
  readonly settings: string
  readonly confirming: number | null
  readonly encrypted: boolean
  readonly timeout: number
  readonly now: number
}

/**
 * Looks at a server and changes nothing. Every wait is bounded.
 * @throws Problem `storage.cannot_open`
 */
export async function examinePostgres(
  url: string,
  { Client = pg.Client, waitFactor }: ConnectionOptions = {},
): Promise<PostgresFacts> {
  const clients = [0, 1].map(() => new Client(clientOptions(url, {}, waitFactor)))
  try {
    for (const client of clients) {
      client.on('error', () => {}) // The next statement says the same.
      await client.connect()
    }
    const [one, other] = clients
    if (!one || !other) throw new RangeError('there are two clients')
    const [row] = (await one.query<FactsRow>(FACTS)).rows
    if (!row) throw new RangeError('one row is selected')
    const { confirming, encrypted, now, settings, standby, timeout, version } = row
    return {
      ...{ version, confirming, now, isStandby: standby, isEncrypted: encrypted },
      settings: JSON.parse(settings),
      statementTimeout: timeout,
      sharesProcesses: await shareProcess(one, other),
    }
  } catch (error) {
    throw openingFailure(error, url)
  } finally {
    await Promise.allSettled(clients.map((client) => client.end()))
  }
}
