import type { Reader, Storage, Tx } from '../../platform/storage/index.ts'
import type { Candidate, Cursor } from './subject.ts'

/** Part of a class that is asked for. */
export interface ClassQuery {
  readonly after: Cursor
  /** Epoch milliseconds: only older rows. */
  readonly before: number
  readonly limit: number
  /** Only rows about this person. */
  readonly personId?: string | undefined
}

/** Candidates in their order. `next`: where to go on; absent at the end of the class. */
export interface CandidatePage {
  readonly candidates: readonly Candidate[]
  readonly next: Cursor | undefined
}

/** `before`: epoch milliseconds. `goesOn`: asked before each step; false ends it. */
export interface TidyOptions {
  readonly before: number
  readonly goesOn: () => boolean
  readonly rest: () => Promise<void>
}

/** One kind of rows that go by a rule. */
export interface KeptClass {
  page(db: Reader, query: ClassQuery): Promise<CandidatePage>
  /** Deletes or erases them, and answers how many there still were. */
  erase(tx: Tx, chosen: readonly Candidate[]): Promise<number>
  /** Tidies up what deletions left behind, where they leave something. Done as a pass begins, for those before it. */
  tidy?(storage: Storage, how: TidyOptions): Promise<void>
}

/** Makes a page of rows that were asked for in the order of their cursors. */
export function pageOfRows<R>(
  rows: readonly R[],
  limit: number,
  read: (row: R) => Candidate,
): CandidatePage {
  const candidates = rows.map(read)
  return { candidates, next: rows.length < limit ? undefined : candidates.at(-1)?.cursor }
}

export function candidateIds(chosen: readonly Candidate[]): readonly string[] {
  return chosen.map(({ id }) => id)
}
