import { sql } from 'kysely'
import { setRecordedTime } from '../../platform/revocation/index.ts'
import { type StorageBuild, type Tx, tablesOf } from '../../platform/storage/index.ts'

/** Number that is added to each epoch: more than there were changes since any backup. */
const EPOCHS = 1_000_000_000
/** Records of OAuth that stay: clients that registered themselves. */
const REGISTRATIONS = ['Client', 'Registration']

/** Counts of what ended. */
export interface EndedRows {
  /** Ids of the signing keys that were withdrawn. */
  readonly keys: readonly string[]
  readonly consents: number
}

/**
 * Ends, in a database that went back, what a person or a task was given and may have lost since:
 * sessions, codes, refresh tokens, remembered consents, questions, recoveries of passkeys, stand-ins, and the
 * keys that signed tokens. Open tasks, requests and allowances are for `endOpenWork`.
 * INVARIANT: no server uses the database.
 */
export async function endGrants(tx: Tx, build: StorageBuild, now: number): Promise<EndedRows> {
  for (const table of tablesOf(build, 'emptied', 'left_out').toReversed())
    await sql`DELETE FROM ${sql.table(table)}`.execute(tx)
  await tx.deleteFrom('meta').execute()
  await setRecordedTime(tx, now)
  await tx.deleteFrom('protocol_records').where('kind', 'not in', REGISTRATIONS).execute()
  await tx
    .updateTable('consent_requests')
    .set({ state: 'expired', expires_at: now })
    .where('state', '=', 'pending')
    .execute()
  const consents = await tx
    .updateTable('bases')
    .set({ ended_at: now })
    .where('kind', '=', 'consent')
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
  // An approval that was used up lasts as long as what it was for: not here.
  await tx
    .updateTable('access_requests')
    .set({ usable_until: now })
    .where('usable_until', '>', now)
    .execute()
  await tx
    .updateTable('passkey_recoveries')
    .set({ ended_at: now })
    .where('ended_at', 'is', null)
    .execute()
  await tx
    .updateTable('stand_ins')
    .set({ ended_at: now, ended_by: 'operator' })
    .where('ended_at', 'is', null)
    .where('ends_at', '>', now)
    .execute()
  await tx
    .updateTable('deliveries')
    .set({ state: 'withdrawn', ended_at: now })
    .where('state', '=', 'waiting')
    .execute()
  const keys = await tx
    .deleteFrom('signing_keys')
    .where('purpose', '=', 'tokens')
    .returning('kid')
    .execute()
  await tx.updateTable('live_epochs').set({ state: 'ended' }).where('kind', '=', 'key').execute()
  await tx
    .updateTable('live_epochs')
    .set({ epoch: sql<number>`epoch + ${sql.lit(EPOCHS)}` })
    .execute()
  return {
    keys: keys.map(({ kid }) => kid),
    consents: Number(consents.numUpdatedRows),
  }
}
