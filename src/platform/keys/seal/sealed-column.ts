/**
 * A column whose values are sealed with the master key. The room that owns it declares it, so that
 * everything can be sealed again under another master key in one place.
 */
export interface SealedColumn {
  /** Its own table, of the centre or of a module. */
  readonly table: string
  readonly column: string
  /** Column of texts that names a row. */
  readonly key: string
  /** Columns of texts that `associatedData` needs besides. */
  readonly with?: readonly string[]
  /**
   * Associated data of a row's value (RFC 5116), which binds it to its row. Columns that are `NULL`
   * are passed as an empty text.
   */
  associatedData(row: Readonly<Record<string, string>>): string
}
