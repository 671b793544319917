import fc from 'fast-check'
import { ExactNumber, isObject, type Json } from '../../src/platform/lib/json.ts'

/**
 * Members that an API reads of a body that is described as `OPEN_ORDER`; absent where it finds
 * none.
 */
export interface ReadOrder {
  readonly amount?: string
  readonly note?: string
  readonly iban?: string
  /** The `n` of each of the `lines`. */
  readonly lines?: readonly string[]
}

/** An object that allows further members at each depth. */
export const OPEN_ORDER = {
  type: 'object',
  additionalProperties: true,
  properties: {
    amount: { type: 'integer' },
    note: { type: 'string' },
    to: { type: 'object', additionalProperties: true, properties: { iban: { type: 'string' } } },
    lines: {
      type: 'array',
      items: { type: 'object', additionalProperties: true, properties: { n: { type: 'integer' } } },
    },
  },
}

/** Compares names: true where a reader takes the name on the wire for that of a field. */
type SameName = (field: string, name: string) => boolean

/** `strings.EqualFold` in effect: one letter for one, by Unicode's simple folding. JavaScript's `iu` patterns compare so. */
const simpleFold: SameName = (field, name) => new RegExp(`^${field}$`, 'iu').test(name)

const upper = (text: string) => Array.from(text, (letter) => upperOf(letter)).join('')

function upperOf(letter: string): string {
  const large = letter.toUpperCase()
  return large.length === letter.length ? large : letter
}

/**
 * Readers as widely used libraries find the members of an object; each takes the last that it
 * finds.
 */
export const JSON_READERS: Readonly<Record<string, (body: Json) => ReadOrder>> = {
  /** Go, `encoding/json`: any case; an object that comes twice is filled twice. */
  go: (body) => read(body, simpleFold, true),
  /** Java, Jackson as it comes. */
  jackson: (body) => read(body, (field, name) => field === name, false),
  /** Java, Jackson with `ACCEPT_CASE_INSENSITIVE_PROPERTIES`. */
  jacksonAnyCase: (body) => read(body, (field, name) => name.toLowerCase() === field, false),
  /** .NET, System.Text.Json with the defaults of the web: `StringComparer.OrdinalIgnoreCase`. */
  dotnet: (body) => read(body, (field, name) => upper(field) === upper(name), false),
}

function read(body: Json, same: SameName, fillsTwice: boolean): ReadOrder {
  const found = (value: Json | undefined, field: string) =>
    isObject(value) ? [...value].filter(([name]) => same(field, name)).map(([, each]) => each) : []
  const text = (value: Json) => (value instanceof ExactNumber ? value.text : String(value))
  const amount = found(body, 'amount').at(-1)
  const note = found(body, 'note').at(-1)
  const to = found(body, 'to')
  const iban = (fillsTwice ? to : to.slice(-1)).flatMap((each) => found(each, 'iban')).at(-1)
  const lines = found(body, 'lines').at(-1)
  return {
    ...(amount === undefined ? {} : { amount: text(amount) }),
    ...(note === undefined ? {} : { note: text(note) }),
    ...(iban === undefined ? {} : { iban: text(iban) }),
    ...(Array.isArray(lines)
      ? { lines: lines.map((line: Json) => text(found(line, 'n').at(-1) ?? '')) }
      : {}),
  }
}

/** Spellings of each name that some reader takes for it, and some that none does. */
const SPELLINGS: Readonly<Record<string, readonly string[]>> = {
  amount: ['amount', 'Amount', 'AMOUNT', 'aMount', 'amount ', 'amounts', 'ａmount', 'amount\u200b'],
  note: ['note', 'Note', 'NOTE', 'notes', 'no\u00adte'],
  // The long s and the kelvin sign are the only letters beyond ASCII that fold to one of it.
  to: ['to', 'To', 'TO', 'tö'],
  iban: ['iban', 'IBAN', 'Iban', '\u0131ban', '\u0130BAN', 'ibans'],
  n: ['n', 'N', 'ｎ', 'm'],
}

function member(field: string, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...(SPELLINGS[field] ?? [field])), value)
    .map(([name, each]) => `${JSON.stringify(name)}:${each}`)
}

const object = (...members: fc.Arbitrary<string>[]) =>
  fc.array(fc.oneof(...members), { maxLength: 4 }).map((each) => `{${each.join(',')}}`)

const whole = fc.integer({ min: 1, max: 999 }).map(String)
const word = fc.constantFrom('"a"', '"b"', '"c"')

/** Bodies that ordinary and odd clients send, members in any order and number. */
export const orderBodies: fc.Arbitrary<string> = object(
  member('amount', whole),
  member('amount', whole),
  member('note', word),
  member('to', object(member('iban', word))),
  member('other', fc.oneof(whole, word)),
  fc
    .array(object(member('n', whole)), { maxLength: 2 })
    .map((lines) => `"lines":[${lines.join(',')}]`),
)
