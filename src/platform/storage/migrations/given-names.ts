import type { Statements } from './portable-sql.ts'

/**
 * Names that administrators gave an action, the latest first: JSON. Absent: none, as builds of before have it. They write an action
 * without them, so a name that was given while both serve may have to be given again.
 *
 * A column that may be absent is added without writing any row, so the lock on a table that calls read is short.
 */
export const givenNames: Statements = ({ text }) => [`ALTER TABLE actions ADD COLUMN names ${text}`]
