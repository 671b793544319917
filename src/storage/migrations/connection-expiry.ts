import type { Statements } from './portable-sql.ts'

/** Times of a credential: when it took the place of another, and when it expires, where somebody or it itself said so. */
export const connectionExpiry: Statements = ({ integer }) => [
  `ALTER TABLE connections ADD COLUMN replaced_at ${integer}`,
  `ALTER TABLE connections ADD COLUMN expires_at ${integer}`,
]
