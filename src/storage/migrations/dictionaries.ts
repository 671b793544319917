import type { Statements } from './portable-sql.ts'

/**
 * Changes nothing in the schema. Records, what is private beside them, and what decisions were made from are shortened by a dictionary
 * from then on: no build that has none may read them.
 */
export const noBuildWithoutDictionaries: Statements = () => []
