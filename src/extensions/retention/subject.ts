/** Subject of a row or a record, as far as holds and erasures ask. */
export interface SubjectMatter {
  readonly people: readonly (string | null | undefined)[]
  readonly agents: readonly (string | null | undefined)[]
  readonly tasks: readonly (string | null | undefined)[]
  /** `any`: it can be about every resource. */
  readonly resources: readonly (string | null | undefined)[] | 'any'
  /** Epoch milliseconds. */
  readonly at: number
}

/** A row that a rule or a request covers, with its place in the order of its class. */
export interface Candidate {
  readonly cursor: Cursor
  readonly id: string
  /** All that it is about: a record is about its decision, too. */
  readonly about: readonly SubjectMatter[]
}

/** Place in the order of a class, behind which a sweep goes on. */
export interface Cursor {
  readonly at: number
  readonly id: string
}

export const START: Cursor = { at: -1, id: '' }
