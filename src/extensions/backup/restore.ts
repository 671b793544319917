import { appendOffline, type LedgerEvent, recordRestore } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Random } from '../../platform/lib/random.ts'
import { recordedTime, requireNotMoved, setRecordedTime } from '../../platform/revocation/index.ts'
import type { Storage, Tx } from '../../platform/storage/index.ts'
import { type EndedRows, endGrants } from './end-store.ts'
import { loadBackup } from './load-backup.ts'
import type { TableFile } from './manifest.ts'
import { reopenOrganization, requireNoServer } from './move-store.ts'
import type { Backup } from './read-backup.ts'
import { newestCheckpoint, treeSize } from './stored-ledger.ts'

export interface RestoreParts {
  readonly storage: Pick<Storage, 'build' | 'engine' | 'exclusively' | 'now' | 'time'>
  readonly clock: Pick<Clock, 'now'>
  readonly random: Random
  /** Newest signed head that is known outside the database (`ledger.head`). */
  readonly knownHead?: string | undefined
  readonly onTable: (table: TableFile) => void
}

/** Result of a restore: what ended, and the history that an administrator has to begin. */
export interface RestoreResult extends EndedRows {
  readonly history: number
}

/**
 * Restores a backup into an empty database. In the transaction that loads it, everything ends that
 * may have been taken back since, and a break opens: nothing is permitted until an administrator
 * goes on. Stopped anywhere, the database is as empty as before.
 * @throws Problem `storage.not_empty`, `backup.damaged`
 */
export function restoreBackup(parts: RestoreParts, backup: Backup): Promise<RestoreResult> {
  const { onTable, storage } = parts
  const { id, taken_at: takenAt } = backup.manifest
  return storage.exclusively(async (tx) => {
    await loadBackup(tx, backup, { storage, onTable, withoutEmptied: true })
    await reopenOrganization(tx)
    return goBack(parts, tx, {
      what: `the backup ${id} of ${takenAt}`,
      facts: { backup: id, taken_at: takenAt, engine: backup.manifest.engine },
    })
  })
}

/**
 * Does the same in a database that was restored by other means, such as point-in-time recovery.
 * @throws Problem `storage.in_use`, `storage.moved`
 */
export function endRestored(parts: RestoreParts): Promise<RestoreResult> {
  return parts.storage.exclusively(async (tx) => {
    await requireNotMoved(tx)
    await requireNoServer(tx, parts.storage)
    return goBack(parts, tx, { what: 'an earlier state, by other means', facts: { backup: null } })
  })
}

/**
 * Takes recorded time back to now, in a database that a server with a clock ahead has used (contract 13.4):
 * an operator's recorded act, that ends what a restore ends, because proofs and codes used up then could be used again.
 * @throws Problem `storage.in_use`, `storage.moved`
 */
export function acceptClock(parts: RestoreParts): Promise<RestoreResult> {
  return parts.storage.exclusively(async (tx) => {
    await requireNotMoved(tx)
    await requireNoServer(tx, parts.storage)
    const recorded = await recordedTime(tx)
    return goBack(parts, tx, {
      what: 'a time when its clock was ahead',
      facts: {
        backup: null,
        clock: { recorded: recorded ?? null, accepted: parts.clock.now() },
      },
    })
  })
}

/**
 * Confirms that the clock is right although the newest record is old: an operator's recorded act, after which servers start.
 * @throws Problem `server.clock_off`: a recorded time is ahead of it; `storage.in_use`, `storage.moved`
 */
export async function confirmClock({ random, storage }: RestoreParts): Promise<ConfirmedClock> {
  const now = await storage.now()
  return storage.exclusively(async (tx) => {
    await requireNotMoved(tx)
    await requireNoServer(tx, storage)
    const recorded = await recordedTime(tx)
    if (recorded !== undefined && recorded > now)
      throw new Problem(
        'server.clock_off',
        'the clock is behind a recorded time: nothing to confirm',
      )
    const facts = { recorded: recorded ?? null, confirmed: now }
    await appendOffline(tx, { type: 'clock.confirmed', by: 'operator', facts }, { now, random })
    await setRecordedTime(tx, now)
    return { clock: facts }
  })
}

/** Times of a confirmation: of the newest record, and of now. */
export interface ConfirmedClock {
  readonly clock: { readonly recorded: number | null; readonly confirmed: number }
}

async function goBack(
  { clock, knownHead, random, storage }: RestoreParts,
  tx: Tx,
  { facts, what }: { readonly what: string; readonly facts: NonNullable<LedgerEvent['facts']> },
): Promise<RestoreResult> {
  const now = clock.now()
  const ended = await endGrants(tx, storage.build, now)
  const history = await recordRestore(tx, {
    detail: `the database was restored from ${what}; an administrator has to check the configuration of that time`,
    event: {
      type: 'database.restored',
      by: 'operator',
      facts: {
        ...facts,
        size: await treeSize(tx),
        checkpoint: await newestCheckpoint(tx),
        ended_consents: ended.consents,
        withdrawn_keys: ended.keys,
      },
    },
    ...{ knownHead, now, random },
  })
  return { ...ended, history }
}
