import { ARGUMENT_LIMITS, type ArgumentType, exact, type ScalarType } from '@remit/engine'
import { ExactNumber, isList, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import { isCurrency } from '../../../platform/lib/text/numbers.ts'
import { FILE } from '../bodies.ts'
import { plainNumber } from '../exact.ts'
import { isCheapPattern } from '../pattern.ts'
import { textAt } from './document.ts'
import { type OperationReader, untyped, wholeNumber } from './reader.ts'

type Numeric = Extract<ScalarType, { kind: 'integer' | 'decimal' }>
/** Values of one argument. */
const MAX_VALUES = 1_000

type Text = Extract<ScalarType, { kind: 'string' | 'path' }>

/** A string, number or boolean, with the limits the document gives. `x-remit-kind` says what a string really holds. */
export function scalarType(
  reader: OperationReader,
  schema: JsonObject,
  type: string,
): ArgumentType {
  const wish = schema.get('x-remit-kind')
  if (type === 'boolean') return { kind: 'boolean' }
  if (type === 'integer') return numeric(reader, schema, 'integer')
  if (type === 'number') return numeric(reader, schema, 'decimal')
  if (type !== 'string') return untyped(`the type \`${type}\` is not known`)
  if (wish === 'decimal' || wish === 'integer') {
    return { ...numericLimits(reader, schema, wish), quoted: true }
  }
  const format = textAt(schema, 'format')
  if (wish === 'datetime' || (format === 'date-time' && wish === undefined))
    return { kind: 'datetime' }
  if (format === 'date' && wish === undefined) return { kind: 'datetime', date: true }
  if (format === 'binary') return reader.takesFiles ? FILE : untyped('it is binary')
  // OpenAPI 3.1 (4.8.14.2) describes a file by its media type, without `contentEncoding`.
  if (reader.takesFiles && schema.has('contentMediaType') && !schema.has('contentEncoding'))
    return FILE
  return textType(reader, schema, wish === 'path' ? 'path' : 'string')
}

function textType(reader: OperationReader, schema: JsonObject, kind: Text['kind']): ArgumentType {
  const values = fewChoices(reader, schema)
  if (
    values !== undefined &&
    !values.every((value) => typeof value === 'string' || value === null)
  ) {
    return untyped('its values are not all strings')
  }
  const minLength = wholeNumber(schema.get('minLength'))
  const asked = wholeNumber(schema.get('maxLength'))
  const maxLength = asked === undefined ? undefined : Math.min(asked, ARGUMENT_LIMITS.longestString)
  const pattern = usablePattern(reader, schema, maxLength ?? ARGUMENT_LIMITS.string)
  const fallback = textAt(schema, 'default')
  return {
    kind,
    ...(fallback !== undefined && isCurrency(fallback) ? { default: fallback } : {}),
    ...(values === undefined ? {} : { enum: values.filter((value) => typeof value === 'string') }),
    ...(minLength === undefined ? {} : { minLength }),
    ...(maxLength === undefined ? {} : { maxLength }),
    ...(pattern === undefined ? {} : { pattern }),
  }
}

function usablePattern(
  reader: OperationReader,
  schema: JsonObject,
  longest: number,
): string | undefined {
  const pattern = textAt(schema, 'pattern')
  if (pattern === undefined) return undefined
  if (pattern.length <= 1024 && isCheapPattern(pattern, longest)) return pattern
  reader.note(
    `the pattern \`${pattern.slice(0, 80)}\` is left to the API: it is not certain to be checked quickly; a \`maxLength\` may help`,
  )
  return undefined
}

function numeric(reader: OperationReader, schema: JsonObject, kind: Numeric['kind']): ArgumentType {
  const values = fewChoices(reader, schema)
  if (values === undefined) return numericLimits(reader, schema, kind)
  const numbers = values.map((value) => comparableLimit(value, kind))
  const texts = numbers.filter((value) => value !== undefined)
  if (texts.length < numbers.length) return untyped('its values are not all exact numbers')
  return { ...numericLimits(reader, schema, kind), enum: texts }
}

function numericLimits(
  reader: OperationReader,
  schema: JsonObject,
  kind: Numeric['kind'],
): Numeric {
  const found: Record<string, string> = {}
  const set = (name: string, value: Json | undefined) => {
    if (!(value instanceof ExactNumber)) return
    const limit = comparableLimit(value, kind)
    if (limit === undefined)
      reader.note(`\`${name}: ${value.text}\` is left to the API: no ${kind} can be it`)
    else found[name] = limit
  }
  if (textAt(schema, 'format') === 'int32') {
    found.minimum = '-2147483648'
    found.maximum = '2147483647'
  }
  // OpenAPI 3.0 writes `exclusiveMinimum: true` beside `minimum`, 3.1 gives the number itself.
  const least = schema.get('exclusiveMinimum') === true ? 'exclusiveMinimum' : 'minimum'
  const most = schema.get('exclusiveMaximum') === true ? 'exclusiveMaximum' : 'maximum'
  set(least, schema.get('minimum'))
  set(most, schema.get('maximum'))
  set('exclusiveMinimum', schema.get('exclusiveMinimum'))
  set('exclusiveMaximum', schema.get('exclusiveMaximum'))
  set('multipleOf', schema.get('multipleOf'))
  return { kind, ...found }
}

/** The number when arguments of this kind can be compared with it. */
function comparableLimit(value: Json, kind: Numeric['kind']): string | undefined {
  const plain = value instanceof ExactNumber ? plainNumber(value.text) : undefined
  return plain !== undefined && exact(kind, plain) ? plain : undefined
}

function fewChoices(reader: OperationReader, schema: JsonObject): readonly Json[] | undefined {
  const values = choices(schema)
  if (values === undefined || values.length <= MAX_VALUES) return values
  reader.note(`a list of ${values.length} values is left to the API: ${MAX_VALUES} are the most`)
  return undefined
}

function choices(schema: JsonObject): readonly Json[] | undefined {
  const values = schema.get('enum')
  const constant = schema.get('const')
  if (constant !== undefined) return [constant]
  return isList(values) ? values : undefined
}
