import type { Schema } from '../../storage/index.ts'

/**
 * A column whose values are sealed with the master key. The room that owns it declares it, so that
 * everything can be sealed again under another master key in one place.
 */
export interface SealedColumn {
  readonly table: keyof Schema
  readonly column: string
  /** Column of texts that names a row. */
  readonly key: string
  /** Columns of texts that `place` needs besides. */
  readonly with?: readonly string[]
  /**
   * Place that the value of a row is sealed to. Columns that are `NULL` are passed as an empty
   * text.
   */
  place(row: Readonly<Record<string, string>>): string
}
