import {
  type AttributeClaims,
  type AttributeName,
  type AttributeValue,
  entriesOf,
  type PersonAttributes,
} from '../people/index.ts'

/**
 * Attributes that a token gives; `null`: the person has none. Attributes that
 * the token does not name stay as they are.
 */
export type SaidAttributes = Readonly<Partial<Record<AttributeName, AttributeValue | null>>>

/**
 * Completes the attributes of a sign-in, which asked for all of them: a mapped attribute that the
 * provider does not name is none.
 */
export function withMissingAsNull(said: SaidAttributes, mapped: AttributeClaims): SaidAttributes {
  const none = entriesOf(mapped).map(([name]): [AttributeName, null] => [name, null])
  return { ...Object.fromEntries(none), ...said }
}

/** Answers the known attributes after a change. */
export function changedBy(known: PersonAttributes, said: SaidAttributes = {}): PersonAttributes {
  const all = entriesOf<AttributeValue | null>({ ...known, ...said })
  return Object.fromEntries(all.filter(([, value]) => value !== null))
}

/** Tells whether all that was known is spoken of: then it is as fresh as this. */
export function speaksOfAll(known: PersonAttributes, said: SaidAttributes | undefined): boolean {
  return said !== undefined && entriesOf(known).every(([name]) => said[name] !== undefined)
}

export function sameAttributes(one: PersonAttributes, other: PersonAttributes): boolean {
  return JSON.stringify(entriesOf(one)) === JSON.stringify(entriesOf(other))
}
