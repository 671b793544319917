import {
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLInputType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isScalarType,
  Kind,
  type ValueNode,
} from 'graphql'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'

/** Values of an operation's variables; one that was not given, and has no default, is not among them. */
export type Variables = ReadonlyMap<string, Json>

/** A literal with variables in it as JSON, its numbers as they were written; `undefined`: it is a variable without a value. */
export function literalJson(node: ValueNode, variables: Variables): Json | undefined {
  switch (node.kind) {
    case Kind.NULL:
      return null
    case Kind.INT:
    case Kind.FLOAT:
      return new ExactNumber(node.value)
    case Kind.STRING:
      return plainText(node.value)
    case Kind.BOOLEAN:
    case Kind.ENUM:
      return node.value
    case Kind.VARIABLE:
      return variables.get(node.name.value)
    case Kind.LIST:
      return node.values.map((item) => literalJson(item, variables) ?? null)
    case Kind.OBJECT:
      return new Map(
        node.fields.flatMap(({ name, value }) => {
          const given = literalJson(value, variables)
          return given === undefined ? [] : [[name.value, given] as const]
        }),
      )
  }
}

/** The rule of JSON bodies: no U+0000 and no half characters, which readers treat differently. */
function plainText(text: string): string {
  if (text.isWellFormed() && !text.includes('\0')) return text
  throw new Problem('graphql.invalid', 'a string is not well-formed text')
}

/**
 * A valid value in the form in which the API executes it (GraphQL, section 3.10): defaults filled in, a single item as a list, ids as
 * text.
 */
export function coerced(type: GraphQLInputType, value: Json): Json {
  if (isNonNullType(type)) return coerced(type.ofType, value)
  if (value === null) return null
  if (isListType(type)) {
    const items: readonly Json[] = Array.isArray(value) ? value : [value]
    return items.map((item) => coerced(type.ofType, item))
  }
  if (isInputObjectType(type))
    return isObject(value) ? coercedFields(Object.values(type.getFields()), value) : value
  if (isScalarType(type) && type.name === 'ID' && value instanceof ExactNumber) return idOf(value)
  return value
}

/** An id that is given as a number. Readers make other texts of `1e3`, `7.0`, `-0`, and of what a double does not hold. */
function idOf({ text }: ExactNumber): string {
  if (/^(?:0|-?[1-9][0-9]{0,14})$/.test(text)) return text
  throw new Problem('graphql.invalid', 'an id is a text, or a plain number of at most 15 digits')
}

/** Members of an input object, or arguments of a field, in the order in which the schema has them. */
export function coercedFields(
  known: readonly (GraphQLArgument | GraphQLInputField)[],
  given: JsonObject,
): JsonObject {
  return new Map(
    known.flatMap((each) => {
      const value = given.has(each.name) ? given.get(each.name) : defaultOf(each)
      return value === undefined ? [] : [[each.name, coerced(each.type, value)] as const]
    }),
  )
}

function defaultOf({ default: given }: GraphQLArgument | GraphQLInputField): Json | undefined {
  return given?.literal ? literalJson(given.literal, new Map()) : undefined
}

/** JSON as plain values, for what checks it against types. */
export function plainValue(value: Json): unknown {
  if (value instanceof ExactNumber) return Number(value.text)
  if (value instanceof Map)
    return Object.fromEntries(Array.from(value, ([name, item]) => [name, plainValue(item)]))
  return Array.isArray(value) ? value.map(plainValue) : value
}
