import type { Static, TObject } from 'typebox'
import type { LooseInput } from '../operation-kit/command.ts'

type Camel<Name extends string> = Name extends `${infer First}_${infer Rest}`
  ? `${First}${Capitalize<Camel<Rest>>}`
  : Name

/** Name of the member of a record that a member of a schema is made from: `created_at` from `createdAt`, `agent` from `agentId`. */
type Origin<R, Name extends string> = Extract<keyof R, Camel<Name> | `${Camel<Name>}Id`>

type RenderedValue<Name, Value> = Value extends undefined
  ? null | undefined
  : Value extends number
    ? Name extends 'at' | 'deadline' | `${string}_at`
      ? string
      : Value
    : Value

type MemberFit<T, R, Name extends keyof T & string> = [Origin<R, Name>] extends [never]
  ? false
  : [RenderedValue<Name, R[Origin<R, Name>]>] extends [LooseInput<T[Name]> | undefined]
    ? true
    : false

type UnmatchedMembers<T, R> = {
  readonly [Name in keyof T as Name extends keyof T & string
    ? MemberFit<T, R, Name> extends true
      ? never
      : Name
    : never]: LooseInput<T[Name]>
} & { readonly [Name in keyof T]?: LooseInput<T[Name]> }

const TIME = /^at$|^deadline$|_at$/

/**
 * JSON of a record with the members that a schema names, and no others. Names become snake_case, a reference loses its
 * `Id`, a time in epoch milliseconds becomes RFC 3339, and an absent member becomes null where the schema requires it.
 * `others` are the members that the record does not have, or has in another form.
 */
export function toJson<S extends TObject, R extends object>(
  schema: S,
  record: R,
  ...[others]: Record<never, never> extends UnmatchedMembers<Static<S>, R>
    ? [others?: UnmatchedMembers<Static<S>, R>]
    : [others: UnmatchedMembers<Static<S>, R>]
): Static<S> {
  const from = new Map<string, unknown>(Object.entries(record))
  const given = new Map<string, unknown>(Object.entries(others ?? {}))
  const members: Record<string, unknown> = {}
  for (const name of Object.keys(schema.properties)) {
    const camel = camelOf(name)
    const value = given.has(name) ? given.get(name) : (from.get(camel) ?? from.get(`${camel}Id`))
    if (typeof value === 'number' && TIME.test(name)) members[name] = new Date(value).toISOString()
    else if (value !== undefined) members[name] = value
    else if (schema.required?.includes(name)) members[name] = null
  }
  return members as Static<S> // as: what does not fit the schema is among `others`, as its types say
}

/** Members of a request by their names in the rooms: `expires_at` as `expiresAt`. Omitted members stay omitted. */
export function fromJson<T extends object>(
  members: T,
): { readonly [Name in keyof T as Camel<Name & string>]: T[Name] } {
  const entries = Object.entries(members).map(([name, value]) => [camelOf(name), value] as const)
  return Object.fromEntries(entries) as ReturnType<typeof fromJson<T>> // as: every member, renamed
}

function camelOf(name: string): string {
  return name.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}
