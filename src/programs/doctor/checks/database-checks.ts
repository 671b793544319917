import { aheadOfProvider } from '../../../identity/identity-providers/index.ts'
import {
  type Diagnosis,
  failed,
  notApplicable,
  ok,
  unknown,
  warning,
} from '../../../platform/lib/diagnosis.ts'
import { Problem, type ProblemCode } from '../../../platform/lib/problem.ts'
import { doubtAfter, recordedTime } from '../../../platform/revocation/index.ts'
import { neededSchema } from '../../../platform/storage/index.ts'
import { isLoopback } from '../../config/settings.ts'
import type { Installation, ProductionCheck, ServerFacts } from '../production-check.ts'

const POSTGRESQL = 'operations/postgresql.md'
const EMBEDDED = notApplicable('The database is embedded.')
const MIB = 1_048_576

/** Maximum difference of clocks, in ms, before a server is not ready (contract 12.11), and before an operator should look. */
const MAX_CLOCK_ERROR = 5_000
const LARGE_CLOCK_ERROR = 1_000
/** A provider says whole seconds, and its answer takes time. */
const MAX_PROVIDER_CLOCK_ERROR = 30_000

/** Problems of a database that was opened, and whose schema does not fit. */
const OF_SCHEMA: ReadonlySet<ProblemCode> = new Set([
  'storage.newer',
  'storage.outdated',
  'storage.prerelease',
])

/** Checks of the database and of where it is stored. */
export const DATABASE_CHECKS: readonly ProductionCheck[] = [
  {
    id: 'database',
    page: POSTGRESQL,
    look: async (installation) => {
      const why = await whyNotOpen(installation)
      if (why && !OF_SCHEMA.has(why.code))
        return failed(`The database cannot be opened: ${why.detail}.`, pageOf(why))
      const facts = await installation.postgres()
      return ok(facts ? `PostgreSQL ${facts.version} answers.` : 'The embedded database opens.')
    },
  },
  {
    id: 'schema',
    page: 'operations/deploy.md',
    look: async (installation) => {
      const why = await whyNotOpen(installation)
      if (why && OF_SCHEMA.has(why.code))
        return failed(`The schema does not fit: ${why.detail}.`, pageOf(why))
      const database = await installation.database()
      const needed = neededSchema(database.build)
      const older = await database.read
        .selectFrom('live_replicas')
        .select('id')
        .where('lease_until', '>', installation.clock.now())
        .where('schema', '<', needed)
        .execute()
      return older.length === 0
        ? ok(`The schema is one that this version works with (${needed}).`)
        : warning(
            `${older.length} servers run an older version than this one.`,
            'Replace them one by one.',
          )
    },
  },
  ofPostgres('replication', (facts, { settings: { databaseReplication } }) => {
    const names = facts.settings.synchronous_standby_names ?? ''
    const fix =
      'Set synchronous_standby_names and REMIT_DATABASE_REPLICATION=required; or REMIT_DATABASE_REPLICATION=single where the storage itself is replicated.'
    if (names.trim() === '')
      return databaseReplication === 'single'
        ? ok('There is one database server, on purpose.')
        : failed('No standby confirms commits: after a failover, revocations can be missing.', fix)
    if (facts.confirming === null)
      return unknown('This role may not see the standbys: grant it pg_monitor.')
    if (facts.confirming === 0)
      return failed('No standby that confirms commits is connected: writes wait.', 'Start it.')
    return databaseReplication === 'required'
      ? ok(`Standbys that confirm commits: ${facts.confirming}.`)
      : warning(
          'Commits are replicated, and Remit would start without it too.',
          'Set REMIT_DATABASE_REPLICATION=required.',
        )
  }),
  ofPostgres('durability', ({ settings }) => {
    const off = ['fsync', 'full_page_writes'].filter((name) => settings[name] === 'off')
    if (off.length > 0)
      return failed(
        `${off.join(' and ')} is off in PostgreSQL: a power cut can lose or destroy what was stored.`,
        'Switch it on.',
      )
    const level = settings.synchronous_commit ?? ''
    return ['off', 'local', 'remote_write'].includes(level)
      ? warning(
          `synchronous_commit is ${level}. Remit raises it for its own connections; other programs on this database lose writes.`,
          'Set synchronous_commit to on.',
        )
      : ok(`fsync is on, synchronous_commit is ${level}.`)
  }),
  ofPostgres('pooler', ({ sharesProcesses }) =>
    sharesProcesses
      ? failed(
          'A connection pooler gives a connection to several clients by turns: session state is lost, and no server starts.',
          'Use session mode (PgBouncer: pool_mode = session), or connect to PostgreSQL itself.',
        )
      : ok('Each connection keeps its session.'),
  ),
  ofPostgres('time-limits', ({ statementTimeout }) =>
    statementTimeout === 0
      ? warning(
          'The time limits of Remit do not reach PostgreSQL: a pooler drops them.',
          'Give the role of Remit statement_timeout, lock_timeout and idle_in_transaction_session_timeout.',
        )
      : ok(`A statement takes at most ${statementTimeout} ms.`),
  ),
  ofPostgres('database-tls', ({ isEncrypted }, { settings: { databaseUrl } }) => {
    const { hostname, searchParams } = new URL(databaseUrl?.reveal() ?? 'postgres:')
    if (hostname === '' || isLoopback(hostname)) return ok('The database is on this machine.')
    if (!isEncrypted)
      return failed(
        'The connection to the database is not encrypted.',
        'Add sslmode=verify-full to DATABASE_URL.',
      )
    return searchParams.get('sslmode') === 'no-verify'
      ? failed('The certificate of the database is not checked.', 'Use sslmode=verify-full.')
      : ok('The connection to the database is encrypted.')
  }),
  {
    id: 'database-clock',
    page: POSTGRESQL,
    look: async (installation) => {
      const facts = await installation.postgres()
      if (!facts) return ok('An embedded database goes by the clock of this machine.')
      const error = distance(facts.now, facts.asked, facts.answered)
      return clockFinding('the database', error, MAX_CLOCK_ERROR, LARGE_CLOCK_ERROR)
    },
  },
  {
    id: 'recorded-time',
    page: 'revocation.md',
    look: async (installation) =>
      recordedFinding(
        installation,
        (await installation.postgres())?.now,
        await aheadOfOther(installation),
      ),
  },
  {
    id: 'provider-clock',
    page: 'operations/deploy.md',
    look: async ({ clock, probes, settings: { providerIssuer } }) => {
      if (!providerIssuer) return notApplicable('No provider is in the settings.')
      const ahead = await aheadOfProvider(providerIssuer, { clock, fetch: probes.fetch })
      if (ahead === undefined) return unknown('The provider does not say what time it is.')
      return clockFinding('the provider', Math.abs(ahead), MAX_PROVIDER_CLOCK_ERROR, 5_000)
    },
  },
  {
    id: 'disk',
    page: 'operations/incidents.md',
    look: async ({ probes, settings: { data, databaseUrl, diskReserveMb, maxUploadMib } }) => {
      const free = Math.floor((await probes.freeBytes(data)) / MIB)
      const reserve = databaseUrl ? maxUploadMib : Math.max(diskReserveMb, 64)
      const says = `${free} MiB are free at ${data}`
      if (free < 2 * reserve)
        return failed(`${says}, and Remit needs at least ${reserve}.`, 'Make room now.')
      return free < 16 * reserve
        ? warning(`${says}.`, 'Make room, or a larger disk.')
        : ok(`${says}.`)
    },
  },
]

function ofPostgres(
  id: string,
  look: (facts: ServerFacts, installation: Installation) => Diagnosis,
): ProductionCheck {
  return {
    id,
    page: POSTGRESQL,
    look: async (installation) => {
      const facts = await installation.postgres()
      return facts ? look(facts, installation) : EMBEDDED
    },
  }
}

/** Distance of a time from when it was asked for: a slow answer is no wrong clock. In ms. */
function distance(time: number, asked: number, answered: number): number {
  return Math.max(asked - time, time - answered, 0)
}

function clockFinding(whose: string, error: number, most: number, large: number): Diagnosis {
  const says = `The clock differs by ${Math.round(error / 100) / 10} s from that of ${whose}.`
  const fix = 'Synchronise both clocks (NTP).'
  if (error > most) return failed(says, fix)
  return error > large ? warning(says, fix) : ok(says)
}

/** The reason why the database does not open; undefined: it does. */
async function whyNotOpen({ database }: Installation): Promise<Problem | undefined> {
  try {
    await database()
    return undefined
  } catch (error) {
    if (error instanceof Problem) return error
    throw error
  }
}

const pageOf = ({ code }: Problem) => `See docs/problems/${code}.md.`

/** Asks the clock that a start asks (`otherClockIn`); undefined where it cannot be asked. */
async function aheadOfOther({ clock, probes, settings: { providerIssuer } }: Installation) {
  if (!providerIssuer || isLoopback(new URL(providerIssuer).hostname)) return undefined
  return aheadOfProvider(providerIssuer, { clock, fetch: probes.fetch }).catch(() => undefined)
}

/** Compares the clock of the database with the newest time that servers recorded in it. */
async function recordedFinding(
  { clock, database }: Installation,
  databaseNow: number | undefined,
  aheadOf: number | undefined,
): Promise<Diagnosis> {
  const { read } = await database()
  const now = databaseNow ?? clock.now()
  const ahead = ((await recordedTime(read)) ?? now) - now
  if (ahead > MAX_CLOCK_ERROR)
    return failed(
      `A time ${Math.round(ahead / 1000)} s ahead of the clock is recorded in the database: no server starts.`,
      'If the clock is right now, stop all servers and run remit clock accept.',
    )
  const doubt = doubtAfter(-ahead, aheadOf)
  if (doubt)
    return failed(
      `No server starts: ${doubt}.`,
      'Compare the clock with the right time. If it is right, run remit clock confirm.',
    )
  return ok('The newest record in the database fits the clock.')
}
