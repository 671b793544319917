import {
  type AttributeClaims,
  type AttributeName,
  type AttributeValue,
  entriesOf,
  type PersonAttributes,
} from './attribute.ts'

/** What a token says of attributes; `null`: there is none. What it does not name it does not speak of. */
export type SaidAttributes = Readonly<Partial<Record<AttributeName, AttributeValue | null>>>

/** Of a sign-in, where everything was asked for: silence about what is mapped means that there is none. */
export function wholly(said: SaidAttributes, mapped: AttributeClaims): SaidAttributes {
  const none = entriesOf(mapped).map(([name]): [AttributeName, null] => [name, null])
  return { ...Object.fromEntries(none), ...said }
}

/** What is known after it. */
export function changedBy(known: PersonAttributes, said: SaidAttributes = {}): PersonAttributes {
  const all = entriesOf<AttributeValue | null>({ ...known, ...said })
  return Object.fromEntries(all.filter(([, value]) => value !== null))
}

/** Whether all that was known is spoken of: then it is as fresh as this. */
export function speaksOfAll(known: PersonAttributes, said: SaidAttributes | undefined): boolean {
  return said !== undefined && entriesOf(known).every(([name]) => said[name] !== undefined)
}

export function sameAttributes(one: PersonAttributes, other: PersonAttributes): boolean {
  return JSON.stringify(entriesOf(one)) === JSON.stringify(entriesOf(other))
}
