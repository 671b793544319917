import { Problem } from '../../platform/lib/problem.ts'
import type { AttributeClaims } from '../people/index.ts'
import type { SaidAttributes } from './change-attributes.ts'
import { requireMillis } from './numeric-date.ts'
import { MAX_TEXT, shortText } from './plain-text.ts'
import { readAttributes } from './read-attributes.ts'

/** Profile of a person that a provider gave, read from verified claims. */
export interface Profile {
  readonly issuer: string
  readonly subject: string
  /** `undefined`: it said nothing about the name. */
  readonly name?: string | undefined
  /** `null`: there is no address, or none that is verified. `undefined`: it said nothing about it. */
  readonly email?: string | null | undefined
  /** The provider's own group values; `undefined`: it said nothing about groups. */
  readonly groupValues?: readonly string[] | undefined
  /**
   * Attributes that it gave, of those that are mapped; `undefined`: none is mapped, or the profile
   * is about something else.
   */
  readonly attributes?: SaidAttributes | undefined
  /** Epoch milliseconds. */
  readonly issuedAt: number
}

/** OpenID Connect Core 2: at most 255 ASCII characters. */
const SUBJECT = /^[\x20-\x7e]{1,255}$/
const MAX_GROUPS = 1_000

/**
 * Reads the claims of a token whose signature, issuer, audience and times are checked already (OpenID Connect Core 5.1).
 * An e-mail address that the provider says it has not verified, or that can be read in two ways, is left out: policies may rely on it.
 * Throws `person.bad_claims`.
 */
export function readProfile(
  claims: Readonly<Record<string, unknown>>,
  provider: {
    readonly issuer: string
    readonly groupsClaim: string
    readonly attributes?: AttributeClaims
  },
): Profile {
  const { sub, iat } = claims
  if (typeof sub !== 'string' || !SUBJECT.test(sub))
    throw new Problem('person.bad_claims', '`sub` must be 1 to 255 printable ASCII characters')
  return {
    issuer: provider.issuer,
    subject: sub,
    name: shortText(claims.name) ?? shortText(claims.preferred_username),
    email: claims.email_verified === false ? null : addressIn(claims.email),
    groupValues: groupValues(claims[provider.groupsClaim], provider.groupsClaim),
    ...(provider.attributes && Object.keys(provider.attributes).length > 0
      ? { attributes: readAttributes(claims, provider.attributes) }
      : {}),
    issuedAt: requireMillis(iat, 'iat'),
  }
}

/**
 * One `@`, and nothing that quotes, ends or hides: readers from the end and readers from the beginning of an address have to
 * find the same domain.
 */
const ADDRESS = /^[^\s@"(),:;<>[\]\\\p{C}]+@[^\s@"(),:;<>[\]\\\p{C}]+$/u

/**
 * Reads an address as it was said, or not at all: a mended address could be another
 * person's.
 */
function addressIn(value: unknown): string | null | undefined {
  if (typeof value !== 'string') return undefined
  return value.length <= MAX_TEXT && ADDRESS.test(value) ? value : null
}

function groupValues(value: unknown, claim: string): readonly string[] | undefined {
  if (value === undefined) return undefined
  const values: unknown[] = Array.isArray(value) ? value : [value]
  if (values.length > MAX_GROUPS || !values.every(isPlainText))
    throw new Problem(
      'person.bad_claims',
      `\`${claim}\` is not a list of at most ${MAX_GROUPS} texts`,
    )
  return [...new Set(values)]
}

/** Tells whether a value is a text that every store can keep and every hash can read. */
function isPlainText(value: unknown): value is string {
  return typeof value === 'string' && value.isWellFormed() && !value.includes('\0')
}
