/**
 * Schema of the arguments of an action, as the catalog knows them. Plain data: it is stored, hashed
 * into the definition digest and sent to pages as it is. Numbers in it are exact decimal text.
 */

export type ScalarType =
  | {
      /** `path`: a string that the API reads as a path; dot segments are refused. */
      readonly kind: 'string' | 'path'
      readonly enum?: readonly string[]
      /** Currency that the API takes where none is given. Other defaults change nothing here. */
      readonly default?: string
      /** Lengths in Unicode characters (code points), as JSON Schema counts. */
      readonly minLength?: number
      readonly maxLength?: number
      /** ECMAScript, `u` flag; only patterns whose worst case is cheap get here. */
      readonly pattern?: string
    }
  | { readonly kind: 'boolean' }
  | {
      /** `integer` is an int64; `decimal` has up to 4 fractional digits and fits Cedar's decimal. */
      readonly kind: 'integer' | 'decimal'
      /** The number comes as a JSON string (`x-remit-kind`); `either`: as a number or as a string. */
      readonly quoted?: true | 'either'
      readonly enum?: readonly string[]
      readonly minimum?: string
      readonly maximum?: string
      readonly exclusiveMinimum?: string
      readonly exclusiveMaximum?: string
      readonly multipleOf?: string
    }
  | {
      /** `date`: a day (`2026-01-02`), which stands for its midnight in UTC. */
      readonly kind: 'datetime'
      readonly date?: true
    }

/**
 * Type of an argument that the document knows and a call may have, but that bounds and policy
 * cannot see; `reason` says why, in plain words.
 */
export type UntypedType = { readonly kind: 'untyped'; readonly reason: string }

export type SetType = {
  readonly kind: 'set'
  readonly items: TypedType
  readonly minItems?: number
  readonly maxItems?: number
}

export type RecordType = {
  readonly kind: 'record'
  readonly fields: readonly Field[]
  /** The document says `additionalProperties: true`: unknown members pass, unseen by policy. Otherwise they are refused. */
  readonly open: boolean
}

export type TypedType = ScalarType | SetType | RecordType
export type ArgumentType = TypedType | UntypedType

export type Field = {
  readonly name: string
  readonly required: boolean
  /** `null` is accepted and means the same as absent to bounds and policy. */
  readonly nullable: boolean
  /** Acceptance of an empty text in a query or a form: it means the same as absent to bounds and policy. */
  readonly blank?: true
  readonly type: ArgumentType
}

export type ArgumentLocation = 'path' | 'query' | 'body'

/** A top-level argument. `name` is what bounds, policies and sentences call it, `wire` what the API calls it. */
export type Argument = Field & {
  readonly place: ArgumentLocation
  readonly wire: string
  /**
   * Spelling in a query or a form, where it is not the name once, or once for each item of a list. `brackets`: members and items come
   * under names of their own, `order[id]`, `items[0]`, `tags[]` (`deepObject` of OpenAPI). `any`: untyped, and the name may come
   * several times, with brackets or without.
   */
  readonly spelled?: 'brackets' | 'any'
}

/**
 * `members`: a JSON object whose members are arguments. `form`: `application/x-www-form-urlencoded`, whose fields are. `multipart`:
 * `multipart/form-data`, whose fields and files are. `whole`: JSON as one argument called `body`. `bytes`: text or bytes as one
 * argument called `body`, which says their type, size and digest. `opaque`: not typed. `none`: the operation takes no body, and one
 * that comes is refused.
 */
export type BodyForm = 'none' | 'members' | 'form' | 'multipart' | 'whole' | 'bytes' | 'opaque'

export type ArgumentSchema = {
  readonly arguments: readonly Argument[]
  readonly body: {
    readonly form: BodyForm
    readonly required: boolean
    /** See `RecordType.open`; for the members of the body. */
    readonly open: boolean
    /** Media types of `bytes`: `image/png`, `image/*`. The one type of JSON that is not plain `application/json`. */
    readonly media?: readonly string[]
  }
}

/**
 * Place of something that policy cannot see: a pointer into the typed arguments, or `(header)
 * X-Name`.
 */
export type UntypedPart = { readonly at: string; readonly reason: string }

/**
 * Limits of the size of arguments. A document may ask for less, and for longer strings up to
 * `longestString`.
 */
export const ARGUMENT_LIMITS = {
  string: 4096,
  longestString: 65_536,
  items: 1000,
  depth: 16,
  /** Arguments and nested fields of one action together. */
  fields: 512,
  /** Typed values of one call together, each record, list and item counted: they are typed, decided on and written in one turn. */
  values: 10_000,
} as const

/** Tells whether policy may find the argument missing. */
export function isOptional(field: Field): boolean {
  return !field.required || field.nullable || field.blank === true
}
