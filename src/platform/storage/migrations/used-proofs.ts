import type { Statements } from './portable-sql.ts'

/**
 * Proofs that were used, apart from what else is used once: there is one for each call, and it is forgotten within two minutes.
 * On SQLite they are kept in the order in which they come, so that a call touches the last page of them and not any; which are
 * among them, the connection that writes knows by a table in memory (`sqlite/proofs.ts`).
 * On PostgreSQL they stay in `used_once`, where builds of before look, too.
 */
export const usedProofs: Statements = ({ engine, integer, table, text }) => [
  table('used_proofs', `expires_at ${integer} NOT NULL, key ${text} NOT NULL`),
  ...(engine === 'postgres'
    ? ['CREATE VIEW proof_uses AS SELECT kind, key, expires_at FROM used_once']
    : [
        "INSERT INTO used_proofs (expires_at, key) SELECT expires_at, key FROM used_once WHERE kind = 'dpop'",
        "DELETE FROM used_once WHERE kind = 'dpop'",
      ]),
]
