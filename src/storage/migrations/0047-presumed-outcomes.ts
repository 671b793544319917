import type { Migration } from './migration.ts'

/** When a call was presumed to be indeterminate, where a true outcome corrected that later. */
export const presumedOutcomes: Migration = {
  version: 47,
  name: 'presumed-outcomes',
  statements: ({ integer }) => [`ALTER TABLE decisions ADD COLUMN presumed_at ${integer}`],
}
