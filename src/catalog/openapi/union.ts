import type {
  ArgumentType,
  Field,
  RecordType,
  ScalarType,
  SetType,
  UntypedType,
} from '../argument.ts'
import { untyped } from './reader.ts'

type Text = Extract<ScalarType, { kind: 'string' | 'path' }>
type Numeric = Extract<ScalarType, { kind: 'integer' | 'decimal' }>

/**
 * The type that holds every value of either: what a choice of two schemas is to bounds and policies.
 * - Two of one kind: that kind, with the limits and values that hold for both. A whole number or a decimal is a decimal.
 * - Strings of different forms (a date, or a word): a string.
 * - `asText`, in a path or a query: plain values of different kinds are the text that is sent.
 * - Two objects: one object, in which what is not required by both is optional. A member that is of one kind here and of another
 *   there has no type, and neither has anything else.
 * INVARIANT: whatever fits `a` or `b` fits the union and means the same there, so a rule can rely on what it sees.
 */
export function union(a: ArgumentType, b: ArgumentType, asText = false): ArgumentType {
  if (a.kind === 'untyped') return a
  if (b.kind === 'untyped') return b
  if (a.kind === 'record' && b.kind === 'record') return eitherRecord(a, b)
  if (a.kind === 'set' && b.kind === 'set') return eitherSet(a, b)
  if (isText(a) && isText(b)) return eitherText(a, b)
  if (isNumeric(a) && isNumeric(b) && a.quoted === b.quoted) return eitherNumber(a, b)
  if (a.kind === 'boolean' && b.kind === 'boolean') return a
  if (a.kind === 'datetime' && b.kind === 'datetime') return a.date === b.date ? a : STRING
  if ((isString(a) && isString(b)) || (asText && isScalar(a) && isScalar(b))) return STRING
  return untyped(`it may be ${inWords(a)} or ${inWords(b)}`)
}

const STRING: Text = { kind: 'string' }

function eitherText(a: Text, b: Text): Text {
  const values = a.enum && b.enum ? [...new Set([...a.enum, ...b.enum])] : undefined
  const minLength = both(a.minLength, b.minLength, Math.min)
  const maxLength = both(a.maxLength, b.maxLength, Math.max)
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
  const values = a.enum && b.enum ? [...new Set([...a.enum, ...b.enum])] : undefined
  const limits = LIMITS.flatMap((name) =>
    a[name] !== undefined && a[name] === b[name] ? [[name, a[name]] as const] : [],
  )
  return {
    kind: a.kind === b.kind ? a.kind : 'decimal',
    ...(a.quoted ? { quoted: true } : {}),
    ...(values === undefined ? {} : { enum: values }),
    ...Object.fromEntries(limits),
  }
}

function eitherSet(a: SetType, b: SetType): SetType | UntypedType {
  const items = union(a.items, b.items)
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

function eitherRecord(a: RecordType, b: RecordType): RecordType {
  const others = new Map(b.fields.map((field) => [field.name, field]))
  const fields = a.fields.map((field) => {
    const other = others.get(field.name)
    others.delete(field.name)
    return other ? eitherField(field, other) : optional(field)
  })
  return {
    kind: 'record',
    fields: [...fields, ...[...others.values()].map(optional)],
    open: a.open || b.open,
  }
}

function eitherField(a: Field, b: Field): Field {
  return {
    name: a.name,
    required: a.required && b.required,
    nullable: a.nullable || b.nullable,
    type: union(a.type, b.type),
  }
}

function optional(field: Field): Field {
  return { ...field, required: false }
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

/** What is a string in JSON; a path is never taken for anything less. */
function isString(type: ArgumentType): boolean {
  return type.kind === 'string' || type.kind === 'datetime' || (isNumeric(type) && !!type.quoted)
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
