import type { Statements } from './portable-sql.ts'

/**
 * Times of the credential of a connection. Both may be absent: builds of before write neither, and they are not known of connections
 * that exist already.
 *
 * - `replaced_at`: it took the place of another then. Its age counts from here, and not from `created_at`.
 * - `expires_at`: it expires then at the API, as an administrator or the credential itself said. Nothing that decides reads it.
 *
 * A column that may be absent is added without writing any row, so the lock on a table that calls read is short.
 */
export const connectionExpiry: Statements = ({ integer }) => [
  `ALTER TABLE connections ADD COLUMN replaced_at ${integer}`,
  `ALTER TABLE connections ADD COLUMN expires_at ${integer}`,
]
