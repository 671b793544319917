import {
  ARGUMENT_LIMITS,
  type ArgumentType,
  exact,
  type ArgumentField as Field,
  type RecordType,
  type ScalarType,
  type SetType,
  type UntypedType,
} from '@remit/engine'
import { untyped } from './reader.ts'

type Text = Extract<ScalarType, { kind: 'string' | 'path' }>
type Numeric = Extract<ScalarType, { kind: 'integer' | 'decimal' }>

/**
 * The type that holds every value of either: what a choice of two schemas is to bounds and policies.
 * - Two of one kind: that kind, with the limits and values that hold for both. A whole number or a decimal is a decimal.
 * - A number, or the same as text: a number that comes as either.
 * - Strings of different forms (a date, or a word): a string.
 * - `asText`, in a path or a query: plain values of different kinds are the text that is sent.
 * - Two objects: one object, in which a member that only one requires is optional. A member that is of one kind here and of another
 *   there has no type, and neither has anything else. Nor has a member that one declares where the other allows any further members.
 * INVARIANT: whatever fits `a` or `b` fits the union. What the union gives a type means there what it means in the alternative,
 * so a rule can rely on what it sees. Three things are refused all the same, whichever alternative has them: dot segments where one is a path,
 * whole numbers that no decimal holds where one is a decimal, and members that look alike (`refuseLookAlikes`).
 */
export function union(a: ArgumentType, b: ArgumentType, asText = false): ArgumentType {
  if (a.kind === 'untyped') return a
  if (b.kind === 'untyped') return b
  if (a.kind === 'record' && b.kind === 'record') return eitherRecord(a, b, asText)
  if (a.kind === 'set' && b.kind === 'set') return eitherSet(a, b, asText)
  if (isText(a) && isText(b)) return eitherText(a, b)
  if (isNumeric(a) && isNumeric(b)) return eitherNumber(a, b)
  if (a.kind === 'boolean' && b.kind === 'boolean') return a
  if (a.kind === 'datetime' && b.kind === 'datetime') return a.date === b.date ? a : STRING
  if ((isString(a) && isString(b)) || (asText && isScalar(a) && isScalar(b))) return anyString(a, b)
  return untyped(`it may be ${inWords(a)} or ${inWords(b)}`)
}

const STRING: Text = { kind: 'string' }

/** Answers the type of any string that is no longer than the longest that either takes. */
function anyString(a: ArgumentType, b: ArgumentType): Text {
  const maxLength = Math.max(...[a, b].map((each) => (isText(each) ? longest(each) : 0)))
  return maxLength > ARGUMENT_LIMITS.string ? { ...STRING, maxLength } : STRING
}

function longest({ maxLength = ARGUMENT_LIMITS.string }: Text): number {
  return maxLength
}

function eitherText(a: Text, b: Text): Text {
  const values = a.enum && b.enum ? [...new Set([...a.enum, ...b.enum])] : undefined
  const minLength = both(a.minLength, b.minLength, Math.min)
  const most = Math.max(longest(a), longest(b))
  const maxLength = most === ARGUMENT_LIMITS.string ? undefined : most
  return {
    // A path may only be read as one: no dot segments.
    kind: a.kind === 'path' || b.kind === 'path' ? 'path' : 'string',
    ...(values === undefined ? {} : { enum: values }),
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(a.pattern === undefined || a.pattern !== b.pattern ? {} : { pattern: a.pattern }),
  }
}

const LIMITS = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'] as const

function eitherNumber(a: Numeric, b: Numeric): Numeric {
  const kind = a.kind === b.kind ? a.kind : 'decimal'
  const quoted = a.quoted === b.quoted ? a.quoted : 'either'
  const values = a.enum && b.enum ? [...new Set([...a.enum, ...b.enum])] : undefined
  const limits = LIMITS.flatMap((name) => {
    const limit = a[name]
    return limit !== undefined && limit === b[name] && exact(kind, limit) ? [[name, limit]] : []
  })
  return {
    kind,
    ...(quoted ? { quoted } : {}),
    ...(values === undefined ? {} : { enum: values.filter((value) => exact(kind, value)) }),
    ...Object.fromEntries(limits),
  }
}

function eitherSet(a: SetType, b: SetType, asText: boolean): SetType | UntypedType {
  const items = union(a.items, b.items, asText)
  if (items.kind === 'untyped') return untyped(`of its items: ${items.reason}`)
  const minItems = both(a.minItems, b.minItems, Math.min)
  const maxItems = both(a.maxItems, b.maxItems, Math.max)
  return {
    kind: 'set',
    items,
    ...(minItems === undefined ? {} : { minItems }),
    ...(maxItems === undefined ? {} : { maxItems }),
  }
}

function eitherRecord(a: RecordType, b: RecordType, asText: boolean): RecordType {
  const others = new Map(b.fields.map((field) => [field.name, field]))
  const fields = a.fields.map((field) => {
    const other = others.get(field.name)
    others.delete(field.name)
    return other ? eitherField(field, other, asText) : ofOne(field, b)
  })
  return {
    kind: 'record',
    fields: [...fields, ...[...others.values()].map((field) => ofOne(field, a))],
    open: a.open || b.open,
  }
}

function eitherField(a: Field, b: Field, asText: boolean): Field {
  return {
    name: a.name,
    required: a.required && b.required,
    nullable: a.nullable || b.nullable,
    ...(a.blank || b.blank ? { blank: true } : {}),
    type: union(a.type, b.type, asText),
  }
}

/** A member that only one alternative declares. Where the other is open, the member may be anything in it. */
function ofOne(field: Field, other: RecordType): Field {
  if (!other.open) return { ...field, required: false }
  const type = untyped('it may be anything in one of the objects that the document allows here')
  return { ...field, required: false, type }
}

/** A limit holds for both only when both have one. */
function both(
  a: number | undefined,
  b: number | undefined,
  wider: (a: number, b: number) => number,
): number | undefined {
  return a === undefined || b === undefined ? undefined : wider(a, b)
}

function isText(type: ArgumentType): type is Text {
  return type.kind === 'string' || type.kind === 'path'
}

function isNumeric(type: ArgumentType): type is Numeric {
  return type.kind === 'integer' || type.kind === 'decimal'
}

/**
 * Tells whether a value of the type is a string in JSON; a path is never taken for anything less.
 */
function isString(type: ArgumentType): boolean {
  return (
    type.kind === 'string' || type.kind === 'datetime' || (isNumeric(type) && type.quoted === true)
  )
}

function isScalar(type: ArgumentType): boolean {
  return isString(type) || isNumeric(type) || type.kind === 'boolean'
}

function inWords(type: ArgumentType): string {
  if (isString(type)) return 'a string'
  return WORDS[type.kind]
}

const WORDS = {
  string: 'a string',
  path: 'a path',
  boolean: 'true or false',
  integer: 'a number',
  decimal: 'a number',
  datetime: 'a time',
  set: 'a list',
  record: 'an object',
  untyped: 'anything',
} as const satisfies Record<ArgumentType['kind'], string>
