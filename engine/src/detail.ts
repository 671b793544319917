/**
 * Authority is a list of details (RFC 9396 `authorization_details` of two types). A list covers a call when one detail
 * in it does. Contract 2.
 *
 * Type aliases, not interfaces: so that they can be written as canonical JSON without a conversion.
 */

/** A closed set: `lte` and `gte` for integers, decimals and datetimes, `prefix` for strings and paths. */
export type Operator = 'eq' | 'in' | 'lte' | 'gte' | 'prefix'

export type Bound = {
  /** JSON Pointer into the typed arguments. */
  readonly path: string
  readonly op: Operator
  /** Text, parsed as the argument's catalog kind. A list for `in`, and only there. */
  readonly value: string | readonly string[]
}

/** `remit_call`: what may be done. `remit_delegate`: what may be handed to a child task; it covers no call. */
export type DetailType = 'remit_call' | 'remit_delegate'

export type Detail = {
  readonly type: DetailType
  /** Resource identifiers, byte-exact. */
  readonly locations: readonly string[]
  /** Catalog names. */
  readonly actions: readonly string[]
  /** All must hold. A bound on a missing argument does not. */
  readonly bounds: readonly Bound[]
}

/**
 * Limits of a list. What is beyond is refused when it comes in; where an intersection would be
 * larger, authority is left out, never widened. Reading a stored list back takes `detailsOut`.
 */
export const DETAIL_LIMITS = {
  detailsIn: 64,
  detailsOut: 256,
  locations: 16,
  actions: 64,
  bounds: 32,
  values: 64,
  characters: 1024,
} as const

/** The part of a list that may be done. */
export function callsIn(details: readonly Detail[]): Detail[] {
  return details.filter(({ type }) => type === 'remit_call')
}

/** The part of a list that may be handed on. */
export function delegatesIn(details: readonly Detail[]): Detail[] {
  return details.filter(({ type }) => type === 'remit_delegate')
}

/**
 * Turns authority into something to hand on. Only the type differs: the algebra compares authority
 * without it.
 */
export function asDelegates(details: readonly Detail[]): Detail[] {
  return details.map((detail) => ({ ...detail, type: 'remit_delegate' }))
}

/** Turns authority into something to do. */
export function asCalls(details: readonly Detail[]): Detail[] {
  return details.map((detail) => ({ ...detail, type: 'remit_call' }))
}
