import { Problem } from '../../platform/lib/problem.ts'
import {
  type AttributeClaims,
  type AttributeName,
  type AttributeValue,
  entriesOf,
  isAttribute,
  PERSON_ATTRIBUTES,
  type PersonAttributes,
} from '../people/index.ts'
import { plainText } from './plain-text.ts'

const MAX_VALUES = 200
const CLAIM = /^(?:\/[^\s]{1,254}|[^\s/][^\s]{0,254})$/u

/** `department=dept`, one a mapping. Throws `provider.bad_attributes`. */
export function readAttributeClaims(mappings: readonly string[]): AttributeClaims {
  const claims: Partial<Record<AttributeName, string>> = {}
  for (const mapping of mappings) {
    const at = mapping.indexOf('=')
    const [name, claim] = [mapping.slice(0, at), mapping.slice(at + 1)]
    if (at < 1 || !isAttribute(name) || !CLAIM.test(claim) || name in claims)
      throw new Problem(
        'provider.bad_attributes',
        `\`${mapping}\` is not \`attribute=claim\`, once for each of ${Object.keys(PERSON_ATTRIBUTES).join(', ')}`,
      )
    claims[name] = claim
  }
  return claims
}

/**
 * Reads the mapped attributes from verified claims; attributes that the claims do not name are left
 * out.
 * INVARIANT: what has another type than its attribute is refused, and not passed over: a rule that
 * forbids something to contractors must not be blind to a claim that it cannot read.
 * Throws `person.bad_claims`.
 */
export function readAttributes(
  claims: Readonly<Record<string, unknown>>,
  mapped: AttributeClaims,
): PersonAttributes {
  const found: Partial<Record<AttributeName, AttributeValue>> = {}
  for (const [name, claim] of entriesOf(mapped)) {
    const said = claimAt(claims, claim)
    if (said === undefined || said === null) continue
    const value = READERS[PERSON_ATTRIBUTES[name]](said)
    if (value === undefined)
      throw new Problem(
        'person.bad_claims',
        `the claim \`${claim}\` is no ${KINDS[PERSON_ATTRIBUTES[name]]}, which \`${name}\` is`,
      )
    found[name] = value
  }
  return found
}

/** RFC 6901 where it begins with a slash; objects only, and their own members. */
export function claimAt(claims: unknown, claim: string): unknown {
  const path = claim.startsWith('/')
    ? claim
        .slice(1)
        .split('/')
        .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'))
    : [claim]
  return path.reduce<unknown>(
    (at, name) =>
      typeof at === 'object' && at !== null && !Array.isArray(at) && Object.hasOwn(at, name)
        ? (at as Readonly<Record<string, unknown>>)[name] // as: it has that member
        : undefined,
    claims,
  )
}

const KINDS = {
  string: 'text',
  strings: `list of at most ${MAX_VALUES} texts`,
  boolean: 'truth value',
  integer: 'whole number',
} as const

const READERS: Readonly<Record<keyof typeof KINDS, (said: unknown) => AttributeValue | undefined>> =
  {
    string: plainText,
    strings: (said) => {
      const all: unknown[] = Array.isArray(said) ? said : [said]
      const texts = all.flatMap((each) => plainText(each) ?? [])
      return texts.length === all.length && all.length <= MAX_VALUES
        ? [...new Set(texts)].toSorted()
        : undefined
    },
    boolean: (said) => (typeof said === 'boolean' ? said : undefined),
    integer: (said) => (Number.isSafeInteger(said) ? Number(said) : undefined),
  }
