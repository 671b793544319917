import { sql } from 'kysely'
import { PROOF } from '../consume-once.ts'
import type { Storage } from '../storage.ts'

/**
 * Makes `proof_uses`, a table in the memory of the connection that writes. It has the proofs of `used_proofs` by their key, in any
 * order, and what goes into one or out of the other does so in both, in one transaction.
 * INVARIANT: it is as durable as `used_proofs`, from which a new connection fills it before anybody writes through it.
 */
export async function knowProofs(storage: Pick<Storage, 'transaction'>): Promise<void> {
  await storage.transaction(async (tx) => {
    const { rows } = await sql`SELECT 1 FROM sqlite_schema WHERE name = 'used_proofs'`.execute(tx)
    // A schema of another build, in tests.
    if (rows.length === 0) return
    await sql`CREATE TEMP TABLE IF NOT EXISTS proof_uses
      (kind TEXT NOT NULL, key TEXT NOT NULL, expires_at INTEGER NOT NULL, PRIMARY KEY (kind, key))
      STRICT, WITHOUT ROWID`.execute(tx)
    // Where another process has filled it, there is nothing to add, and the trigger is silent.
    await sql`INSERT INTO proof_uses (kind, key, expires_at)
      SELECT ${PROOF}, key, expires_at FROM used_proofs WHERE true ON CONFLICT DO NOTHING`.execute(
      tx,
    )
    await sql`CREATE TEMP TRIGGER IF NOT EXISTS proof_used AFTER INSERT ON proof_uses BEGIN
      INSERT INTO used_proofs (expires_at, key) VALUES (NEW.expires_at, NEW.key); END`.execute(tx)
    await sql`CREATE TEMP TRIGGER IF NOT EXISTS proof_forgotten AFTER DELETE ON main.used_proofs BEGIN
      DELETE FROM proof_uses WHERE kind = ${sql.lit(PROOF)} AND key = OLD.key; END`.execute(tx)
  })
}
