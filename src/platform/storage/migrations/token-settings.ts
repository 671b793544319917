import type { Statements } from './portable-sql.ts'

/**
 * Settings of the tokens of a resource. Both may be absent: builds of before write neither, and then nothing is other than it was.
 *
 * - `bearer`: `allowed` or `refused`, where an administrator said whether tokens that nothing is proved of are taken there.
 * - `claims`: further claims of its tokens, and where each comes from: JSON.
 *
 * A column that may be absent is added without writing any row, so the lock on a table that calls read is short.
 */
export const tokenSettings: Statements = ({ text }) => [
  `ALTER TABLE resources ADD COLUMN bearer ${text}`,
  `ALTER TABLE resources ADD COLUMN claims ${text}`,
]
