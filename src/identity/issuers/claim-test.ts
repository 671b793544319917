import type { PlainObject } from '../../platform/jose/index.ts'
import { pointerTo, unescaped } from '../../platform/lib/json-pointer.ts'

/**
 * One condition on one claim. `claim` is the name of a claim, or where it begins with `/` a JSON Pointer (RFC 6901) to a
 * member of one, as in `/kubernetes.io/namespace`.
 */
export type ClaimTest = {
  readonly claim: string
  readonly is: 'equals' | 'prefix'
  readonly value: string
}

export const MAX_TESTS = 16
const MAX_LENGTH = 2048

/**
 * INVARIANT: texts are compared character by character, nothing is folded, trimmed or decoded. A value that is not text (a number, a
 * list, a missing one) meets no condition.
 */
export function holds(test: ClaimTest, claims: PlainObject): boolean {
  const said = claimAt(claims, test.claim)
  if (typeof said !== 'string') return false
  if (test.is === 'equals') return said === test.value
  return said.length > test.value.length && said.startsWith(test.value)
}

/**
 * Value of a claim in a token; `undefined` when there is none. Members of objects only: never of a
 * list, never inherited.
 */
export function claimAt(claims: PlainObject, claim: string): unknown {
  if (!claim.startsWith('/')) return member(claims, claim)
  let at: unknown = claims
  for (const part of claim.slice(1).split('/')) {
    at = member(at, unescaped(part))
  }
  return at
}

/** Writes where a claim is, as a JSON Pointer. */
export function claimPointer(claim: string): string {
  return claim.startsWith('/') ? claim : pointerTo(claim)
}

function member(of: unknown, name: string): unknown {
  if (typeof of !== 'object' || of === null || Array.isArray(of)) return undefined
  const members: { readonly [name: string]: unknown } = { ...of }
  return Object.hasOwn(members, name) ? members[name] : undefined
}

/** Tells why it cannot be used; `undefined` when it can. */
export function wrongTest({ claim, is, value }: ClaimTest): string | undefined {
  if (!claimName(claim)) return `\`${claim.slice(0, 64)}\` names no claim`
  if (!isPlain(value)) return 'a value is plain text'
  if (is === 'equals' || /[/:]$/.test(value)) return undefined
  // `spiffe://prod/ns/a` would be a prefix of what belongs to `spiffe://prod/ns/another`.
  return `a prefix ends with / or :, or it reaches beyond \`${value.slice(-32)}\``
}

/** Tells whether it can name a claim, or a member of one. */
export function claimName(claim: string): boolean {
  return isPlain(claim) && !/~(?![01])/.test(claim) && !claim.endsWith('/')
}

function isPlain(text: string): boolean {
  return (
    text !== '' &&
    text.length <= MAX_LENGTH &&
    /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/.test(text)
  )
}
