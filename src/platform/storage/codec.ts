import type { Selectable } from 'kysely'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { TableColumns } from './build.ts'
import { type RowsOf, TABLES, type Tables } from './schema.ts'
import type { Column } from './tables/column.ts'

type Row<C> = Selectable<RowsOf<{ table: C }>['table']>

type Camel<S extends string> = S extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : S

/** `true` when the column can store the member, and the member can be whatever is read there. */
type ColumnFit<Member, C> =
  C extends Column<infer Stored, infer Held>
    ? [Member] extends [Held]
      ? null extends Stored
        ? [Extract<Held, null | undefined>] extends [Member]
          ? true
          : false
        : true
      : false
    : false

/** Columns whose member of `T` has the same name, in camel case, and fits. */
type SharedColumn<T, Columns> = {
  [C in keyof Columns & string]: Camel<C> extends keyof T
    ? ColumnFit<T[Camel<C>], Columns[C]> extends true
      ? C
      : never
    : never
}[keyof Columns & string]

/** Functions for members that have no column of their own. `undefined`: the member is absent. */
type Rest<T, R, S extends string> = MembersToRead<Omit<T, Camel<S>>, R> &
  ColumnsToWrite<T, Omit<R, S>>
type MembersToRead<M, R> = [keyof M] extends [never]
  ? { readonly read?: never }
  : { readonly read: { readonly [K in keyof M]-?: (row: R) => M[K] } }
type ColumnsToWrite<T, R> = [keyof R] extends [never]
  ? { readonly write?: never }
  : { readonly write: { readonly [C in keyof R]: (value: T) => R[C] } }

type Changes<T, S extends string> = {
  readonly [M in keyof T as M & Camel<S>]?: T[M] | undefined
}

/** Codec between rows `R` of a table and objects; `S`: the columns that are members. */
export interface RowCodec<T, R, S extends string> {
  /** Columns that `read` reads. */
  readonly columns: readonly (keyof R & string)[]
  /** Reads a row. The store is trusted to return the values written to it. */
  readonly read: (row: R) => T
  readonly write: (value: T) => R
  /** Writes what `write` does, in the order of the columns: parameters of a kept statement. */
  readonly values: (value: T) => readonly unknown[]
  /** Writes the members that an object has, as an update sets them: no object with more to it. */
  readonly change: <P extends Changes<T, S>>(
    members: P & { readonly [M in Exclude<keyof P, keyof Changes<T, S>>]: never },
  ) => Partial<Pick<R, S & keyof R>>
}

/**
 * Codec of a table, without some of its columns. A column and the member of the same name in camel
 * case belong together; `rest` says what becomes of the others. A member or column without its
 * counterpart does not compile.
 */
export function codec<N extends keyof Tables, W extends keyof Tables[N] = never>(
  table: N,
  ...without: readonly W[]
) {
  return codecOf<Tables[N], W>(TABLES[table], ...without)
}

/** Codec of a table with these columns. See `codec`. */
export function codecOf<C, W extends keyof C = never>(
  table: C & TableColumns,
  ...without: readonly W[]
) {
  type R = Omit<Row<C>, W>
  type S<T> = SharedColumn<T, Omit<C, W>>
  return {
    of<T>(
      ...[rest]: Record<never, never> extends Rest<T, R, S<T>> ? [] : [rest: Rest<T, R, S<T>>]
    ): RowCodec<T, R, S<T>> {
      const columns = Object.entries<Column>(table).filter(
        ([name]) => !without.some((left) => left === name),
      )
      // as: the types above say of each name what `build` makes of it
      return build(columns, rest as Functions | undefined) as unknown as RowCodec<T, R, S<T>>
    },
  }
}

interface Functions {
  readonly read?: Readonly<Record<string, unknown>>
  readonly write?: Readonly<Record<string, unknown>>
}

interface Field extends Column {
  readonly column: string
  readonly member: string
}

/**
 * Makes the functions of a codec from their text, which holds names of columns and members only:
 * one object literal is several times faster than a loop over names (docs/decisions/0057).
 */
function build(table: readonly (readonly [string, Column])[], rest: Functions = {}) {
  const { read = {}, write = {} } = rest
  const fields = table
    .map(([column, type]): Field => ({ ...type, column, member: camel(column) }))
    .filter(({ column, member }) => !(column in write || member in read))
  const always = fields.filter(({ empty }) => empty !== 'absent')
  const maybe = fields.filter(({ empty }) => empty === 'absent')
  const reader = `
    const value = { ${always.map((field) => `${field.member}: ${readText(field)}`).join()} }
    ${maybe.map((field) => `if (row.${field.column} !== null) value.${field.member} = ${readText(field)}`).join('\n')}
    let other
    ${Object.keys(read)
      .map((name) => `if ((other = rest.${name}(row)) !== undefined) value.${name} = other`)
      .join('\n')}
    return value`
  const columns = table.map(([column]) => column)
  const texts = new Map(fields.map((field) => [field.column, writeText(field)]))
  const values = columns.map((column) => texts.get(column) ?? `rest.${column}(value)`)
  const writer = `return { ${columns.map((column, i) => `${column}: ${values[i]}`).join()} }`
  const changer = `
    const row = {}
    ${fields.map((field) => `if (value.${field.member} !== undefined) row.${field.column} = ${writeText(field)}`).join('\n')}
    return row`
  return {
    columns,
    read: compile('row', reader, read),
    write: compile('value', writer, write),
    values: compile('value', `return [${values.join()}]`, write),
    change: compile('value', changer, {}),
  }
}

function compile(parameter: string, body: string, rest: object): unknown {
  const source = `return (${parameter}) => { ${body} }`
  return new Function('rest', 'parse', 'text', source)(rest, JSON.parse, canonicalJson)
}

function readText({ column, empty, kind }: Field): string {
  const stored = `row.${column}`
  if (kind === 'plain') return stored
  const held = kind === 'flag' ? `${stored} === 1` : `parse(${stored})`
  return empty === 'null' ? `${stored} === null ? null : ${held}` : held
}

function writeText({ empty, kind, member }: Field): string {
  const held = `value.${member}`
  if (kind === 'plain') return empty === 'absent' ? `${held} ?? null` : held
  const stored = kind === 'flag' ? `(${held} ? 1 : 0)` : `text(${held})`
  return empty ? `${held} == null ? null : ${stored}` : stored
}

function camel(column: string): string {
  return column.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}
