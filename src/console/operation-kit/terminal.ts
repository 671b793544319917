import type { Static } from 'typebox'
import type { Text, Value } from '../../platform/lib/terminal/text.ts'
import type { KeptDetail, Limit } from './schemas.ts'

/** Detail of authority (contract 2). */
export type Detail = Static<typeof KeptDetail>

/** Limit of a budget or a standing one. */
export type LimitDescription = Omit<Static<typeof Limit>, 'name'>

/** Cells of a table by their headings: a member of the row, or a value made of it. */
export type Columns<Row> = Readonly<Record<string, TextMember<Row> | ((row: Row) => Value)>>

type TextMember<Row> = {
  [K in keyof Row & string]: Row[K] extends string | number ? K : never
}[keyof Row & string]

/**
 * Look of values for the person who typed the command. Handed in, so that operations are described without
 * code for terminals, which the server would load.
 */
export interface Terminal {
  readonly bold: (value: Value) => Text
  readonly dim: (value: Value) => Text
  readonly red: (value: Value) => Text
  readonly green: (value: Value) => Text
  readonly yellow: (value: Value) => Text
  readonly text: (words: TemplateStringsArray, ...values: readonly Value[]) => Text
  /** Epoch milliseconds. */
  readonly now: () => number
  readonly joined: (parts: readonly Value[], separator: string) => Text
  /** `2026-11-25 01:20 UTC`, in the reader's time zone. */
  readonly moment: (at: string) => string
  /** `3 min ago`, `in 40 min`. */
  readonly relative: (at: string) => string
  /** A state in the colour that it deserves. */
  readonly status: (status: string) => Text
  /** An act that succeeded: `✓ …`. */
  readonly done: (words: TemplateStringsArray, ...values: readonly Value[]) => Text
  /** Rows below their headings; `none` is said instead where there are no rows. */
  table<Row>(rows: readonly Row[], columns: Columns<Row>, none?: Value): readonly Text[]
  /** The line below a page that is not the last: how `again` goes on behind its last item. */
  goOn(again: string, more: boolean, items: readonly { readonly id: string }[]): readonly Text[]
  /** Names and values, indented by `by` (2) columns, one under the other, without empty ones. */
  readonly facts: (
    rows: readonly (readonly [string, Value | null])[],
    by?: number,
  ) => readonly Text[]
  /** Lines as wide as the terminal. */
  readonly wrapped: (line: Text) => readonly Text[]
  readonly indented: (lines: readonly Text[], by?: number) => readonly Text[]
  /** A heading with lines below it; `none` where there are none. */
  section(title: Value, lines: readonly Value[], none?: Value): readonly Text[]
  /** Name, and the id that commands take. */
  named(name: string | null | undefined, id: string): Value
  /** Details in words, one a line. */
  readonly details: (details: readonly Detail[]) => Promise<readonly Text[]>
  /** `3 of 20 calls used`; `whose` such as ` of each task`. */
  readonly limit: (limit: LimitDescription, whose?: string) => Text
  /** Level of risk in the colour that it deserves. */
  readonly risk: (level: string) => Text
  /** `3 (internal)`. */
  readonly trust: (level: number) => string
}
