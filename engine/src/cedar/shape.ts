/** Type that a schema declares for a value. */
export type Shape =
  | { readonly kind: 'string' | 'boolean' | 'long' | 'decimal' | 'datetime' | 'duration' | 'ip' }
  | { readonly kind: 'entity'; readonly type: string }
  | { readonly kind: 'set'; readonly of: Shape }
  | RecordShape

export interface RecordShape {
  readonly kind: 'record'
  readonly fields: ReadonlyMap<string, Field>
}

export interface Field {
  readonly shape: Shape
  readonly optional: boolean
}

/** Attributes, tags and parents that entities of a type may have. */
export interface EntityShape {
  readonly attributes: RecordShape
  /** `undefined`: it has none. */
  readonly tags: Shape | undefined
  /** Types of what it may be in. */
  readonly parents: ReadonlySet<string>
}

/** Shape that a call of one action must have, so that policies may be asked about it. */
export interface RequestShape {
  readonly principals: ReadonlySet<string>
  readonly resources: ReadonlySet<string>
  readonly context: RecordShape
}
