import type { ColumnType, Generated } from 'kysely'
import type { Canonical } from '../../lib/canonical-json.ts'

/**
 * Kind of a column: `Stored` is its value in a row, `Held` the most that a member of an object may
 * be that is stored there.
 */
export interface Column<Stored = unknown, Held = unknown> {
  readonly kind: 'plain' | 'flag' | 'json'
  /** Meaning of NULL, where the column may be NULL: the member is null, or absent. */
  readonly empty?: 'null' | 'absent'
  /** The master key seals its values. */
  readonly sealed?: true | undefined
  /** Types only. */
  readonly types?: { readonly stored: Stored; readonly held: Held }
}

const plain = { kind: 'plain' } as const

/** Ids, digests, and names out of a set that a CHECK of the table holds. */
export const text: Column<string, string> = plain
export const integer: Column<number, number> = plain
/** Epoch milliseconds. */
export const time: Column<number, number> = plain
/** Bytes that are no secrets: hashes, public keys, records. */
export const bytes: Column<Uint8Array, Uint8Array> = plain
/** Bytes that the master key seals. A `SealedColumn` says how. */
export const sealed: Column<Uint8Array, Uint8Array> = { kind: 'plain', sealed: true }
/** Number that the database counts up. */
export const serial: Column<Generated<number>, number> = plain
/** An int64 that may be more than a number holds: written as a big integer, read as text by a cast. */
export const amount: Column<ColumnType<never, bigint, bigint>, never> = plain
/** 0 or 1. */
export const flag: Column<0 | 1, boolean> = { kind: 'flag' }
/** Canonical JSON. A member that is text itself does not fit. */
export const json: Column<string, Exclude<Canonical, string | null>> = { kind: 'json' }

/** Column of a text that is one of these; rows hold it unchanged. */
export function textOneOf<const T extends string>(..._texts: readonly T[]): Column<T, T> {
  return plain
}

/** Column that may be NULL, which the member then is too. */
export function nullable<S, H>({ kind, sealed }: Column<S, H>): Column<S | null, H | null> {
  return { kind, sealed, empty: 'null' }
}

/** Column that is NULL where the member is absent. */
export function optionalColumn<S, H>({
  kind,
  sealed,
}: Column<S, H>): Column<S | null, H | undefined> {
  return { kind, sealed, empty: 'absent' }
}
