import type { Schema } from '../../storage/index.ts'

/**
 * A column whose values are sealed with the master key. Its room says where it is, so that everything can be sealed again under another
 * master key in one place.
 */
export interface SealedColumn {
  readonly table: keyof Schema
  readonly column: string
  /** Column of texts that names a row. */
  readonly key: string
  /** Columns of texts that `place` needs besides. */
  readonly with?: readonly string[]
  /** What the value of a row is sealed to. Of `NULL`, an empty text is told. */
  place(row: Readonly<Record<string, string>>): string
}
