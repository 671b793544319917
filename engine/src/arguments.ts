/**
 * The arguments of a call after the catalog has typed them. Untrusted JSON never reaches a bound or a policy in any
 * other form, and numbers and dates stay the exact text that came over the wire.
 */

/**
 * Kind of an argument, as the catalog says it. `path` is a string that an upstream reads as a path.
 */
export type ArgumentKind = 'string' | 'path' | 'boolean' | 'integer' | 'decimal' | 'datetime'

export type TypedValue =
  | { readonly kind: 'string'; readonly value: string }
  | { readonly kind: 'boolean'; readonly value: boolean }
  | { readonly kind: 'integer' | 'decimal' | 'datetime'; readonly text: string }
  | { readonly kind: 'set'; readonly items: readonly TypedValue[] }
  | { readonly kind: 'record'; readonly fields: ReadonlyMap<string, TypedValue> }

export type TypedArguments = ReadonlyMap<string, TypedValue>

/** The kind of the argument at a JSON Pointer for (location, action); `undefined` when there is no such typed argument. */
export type KindOf = (location: string, action: string, path: string) => ArgumentKind | undefined

/** A call as coverage sees it. */
export interface Call {
  readonly location: string
  readonly action: string
  readonly arguments: TypedArguments
}

/** RFC 6901, but never the whole document. */
export function isPointer(text: string): boolean {
  return /^(?:\/(?:[^~/]|~[01])*)+$/.test(text)
}

/**
 * The value a JSON Pointer (RFC 6901) leads to, through records only: arrays are sets to policy, and a set has no
 * positions. `undefined` when nothing is there.
 */
export function argumentAt(args: TypedArguments, pointer: string): TypedValue | undefined {
  // Most lead to an argument itself.
  if (pointer.startsWith('/') && pointer.indexOf('/', 1) < 0 && !pointer.includes('~'))
    return args.get(pointer.slice(1))
  let fields: TypedArguments | undefined = args
  let found: TypedValue | undefined
  for (const token of pointer.split('/').slice(1)) {
    found = fields?.get(token.replaceAll('~1', '/').replaceAll('~0', '~'))
    fields = found?.kind === 'record' ? found.fields : undefined
  }
  return found
}
