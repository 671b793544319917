import {
  type DocumentNode,
  type FieldNode,
  type GraphQLSchema,
  getVariableValues,
  Kind,
  Lexer,
  type OperationDefinitionNode,
  OperationTypeNode,
  parse,
  print,
  type SelectionNode,
  Source,
  TokenKind,
  validate,
} from 'graphql'
import type { Json, JsonObject } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { type Fragments, measure } from './measure.ts'
import { type GraphqlRequest, invalidGraphql } from './request.ts'
import { mistakeIn } from './schema.ts'
import { coercedFields, literalJson, plainValue, type Variables } from './values.ts'

const MAX_TOKENS = 4_000
const MAX_ROOT_FIELDS = 20
const MAX_BRACKETS = 64

/** Names on the wire of arguments that every operation has; no argument of GraphQL can be called so. */
export const SELECTED = '@selected_fields'
export const NAMED = '@operation_name'

/** One root field that an operation selects: the unit of decisions. */
export interface RootField {
  /** `query.order`, `mutation.refund`; `__schema` for introspection. */
  readonly name: string
  /** Arguments by their names on the wire, as the API executes them. */
  readonly given: JsonObject
}

export interface GraphqlOperation {
  readonly kind: 'query' | 'mutation'
  readonly fields: readonly RootField[]
  /** True where answers have names that the operation chose. */
  readonly hasAliases: boolean
  /** Body to send: one operation, written by Remit, with the variables that it declares. */
  readonly body: JsonObject
}

/**
 * Reads a request in the one way the API would (GraphQL over HTTP, October 2021 and later): one valid query or mutation.
 * @throws Problem `graphql.invalid`, `graphql.unsupported`
 */
export function readOperation(schema: GraphQLSchema, request: GraphqlRequest): GraphqlOperation {
  const { fragments, operation } = chosen(parseDocument(request.query), request.operationName)
  if (operation.operation === OperationTypeNode.SUBSCRIPTION)
    throw new Problem('graphql.unsupported', 'subscriptions are not offered')
  const extent = measure(operation, fragments)
  const used = [...fragments.values()].filter(({ name }) => extent.fragments.has(name.value))
  const document: DocumentNode = { kind: Kind.DOCUMENT, definitions: [operation, ...used] }
  const [mistake] = validate(schema, document, undefined, { maxErrors: 1, hideSuggestions: true })
  if (mistake) throw invalidGraphql(mistakeIn(mistake))
  const variables = variablesOf(schema, operation, request.variables)
  const fields = rootFields(schema, operation, { fragments, variables })
  const name = operation.name?.value
  return {
    kind: operation.operation,
    fields,
    hasAliases: extent.aliases > 0,
    body: new Map<string, Json>([
      ['query', print(document)],
      ...(name === undefined ? [] : [['operationName', name] as const]),
      ...(request.variables.size === 0 ? [] : [['variables', request.variables] as const]),
    ]),
  }
}

function parseDocument(query: string): DocumentNode {
  try {
    checkBrackets(query)
    return parse(query, { noLocation: true, maxTokens: MAX_TOKENS })
  } catch (error) {
    throw invalidGraphql(mistakeIn(error))
  }
}

/** Parsers go as deep into themselves as a text has brackets in brackets. */
function checkBrackets(query: string): void {
  const lexer = new Lexer(new Source(query))
  let open = 0
  for (let tokens = 1; lexer.advance().kind !== TokenKind.EOF; tokens++) {
    const { kind } = lexer.token
    if (OPENING.has(kind)) open++
    else if (CLOSING.has(kind)) open--
    if (open > MAX_BRACKETS || tokens > MAX_TOKENS)
      throw new Problem('graphql.unsupported', 'the operation is too large, or nested too deep')
  }
}

const OPENING: ReadonlySet<string> = new Set([
  TokenKind.BRACE_L,
  TokenKind.BRACKET_L,
  TokenKind.PAREN_L,
])
const CLOSING: ReadonlySet<string> = new Set([
  TokenKind.BRACE_R,
  TokenKind.BRACKET_R,
  TokenKind.PAREN_R,
])

function chosen(
  { definitions }: DocumentNode,
  name: string | undefined,
): { readonly operation: OperationDefinitionNode; readonly fragments: Fragments } {
  const operations = definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION)
  const fragments = definitions.filter((each) => each.kind === Kind.FRAGMENT_DEFINITION)
  if (operations.length + fragments.length < definitions.length)
    throw invalidGraphql('the document defines something else than operations and fragments')
  const byName = new Map(fragments.map((each) => [each.name.value, each]))
  if (byName.size < fragments.length) throw invalidGraphql('two fragments have one name')
  if (name === undefined && operations.length > 1)
    throw new Problem('graphql.unsupported', 'of several operations, `operationName` names one')
  const [operation, ...others] = operations.filter(
    (each) => name === undefined || each.name?.value === name,
  )
  if (!operation || others.length > 0)
    throw invalidGraphql('the document has no operation of that name, or several')
  return { operation, fragments: byName }
}

/** Values of the declared variables, by their declared types. */
function variablesOf(
  schema: GraphQLSchema,
  { variableDefinitions = [] }: OperationDefinitionNode,
  given: JsonObject,
): Variables {
  const names = new Set(variableDefinitions.map(({ variable }) => variable.name.value))
  for (const name of given.keys())
    if (!names.has(name))
      throw invalidGraphql('a variable is given that the operation does not declare')
  const inputs = Object.fromEntries(Array.from(given, ([name, value]) => [name, plainValue(value)]))
  const options = { maxErrors: 1, hideSuggestions: true }
  const { errors } = getVariableValues(schema, variableDefinitions, inputs, options)
  if (errors?.[0]) throw invalidGraphql(mistakeIn(errors[0]))
  return new Map(
    variableDefinitions.flatMap(({ defaultValue, variable }) => {
      const name = variable.name.value
      const byDefault = defaultValue ? literalJson(defaultValue, new Map()) : undefined
      const value = given.has(name) ? given.get(name) : byDefault
      return value === undefined ? [] : [[name, value] as const]
    }),
  )
}

interface Scope {
  readonly fragments: Fragments
  readonly variables: Variables
}

function rootFields(
  schema: GraphQLSchema,
  operation: OperationDefinitionNode,
  scope: Scope,
): readonly RootField[] {
  const kind = operation.operation
  const known = schema.getRootType(kind)?.getFields() ?? {}
  const nodes = Map.groupBy(
    fieldsIn(operation.selectionSet.selections, scope.fragments),
    ({ alias, name }) => (alias ?? name).value,
  )
  const all = [...nodes.values()].flatMap((same) => (same[0] ? [{ node: same[0], same }] : []))
  if (all.length > MAX_ROOT_FIELDS)
    throw new Problem(
      'graphql.unsupported',
      `an operation has at most ${MAX_ROOT_FIELDS} root fields`,
    )
  // A type's own name is harmless; alone it asks about the schema like introspection does.
  const telling = all.filter(({ node }) => node.name.value !== '__typename')
  const counted = telling.length === 0 ? all : telling
  return counted.map(({ node, same }) => {
    const name = node.name.value
    const selected = new Set(same.flatMap((each) => pathsIn(each, scope.fragments, '')))
    const given = coercedFields(known[name]?.args ?? [], literalArguments(node, scope.variables))
    const isIntrospection = name.startsWith('__')
    return {
      name: isIntrospection ? '__schema' : `${kind}.${name}`,
      given: new Map<string, Json>([
        ...(isIntrospection ? [] : given),
        [SELECTED, [...selected].toSorted()],
        ...(operation.name ? [[NAMED, operation.name.value] as const] : []),
      ]),
    }
  })
}

function literalArguments({ arguments: given = [] }: FieldNode, variables: Variables): JsonObject {
  return new Map(
    given.flatMap(({ name, value }) => {
      const json = literalJson(value, variables)
      return json === undefined ? [] : [[name.value, json] as const]
    }),
  )
}

/** Fields of a selection with its fragments spelled out. */
function fieldsIn(
  selections: readonly SelectionNode[],
  fragments: Fragments,
): readonly FieldNode[] {
  return selections.flatMap((each): readonly FieldNode[] => {
    if (each.kind === Kind.FIELD) return [each]
    const fragment = each.kind === Kind.INLINE_FRAGMENT ? each : fragments.get(each.name.value)
    return fieldsIn(fragment?.selectionSet.selections ?? [], fragments)
  })
}

/** Fields below a field by the names of the schema: `customer.email`. */
function pathsIn(node: FieldNode, fragments: Fragments, above: string): readonly string[] {
  return fieldsIn(node.selectionSet?.selections ?? [], fragments).flatMap((each) => {
    const path = `${above}${each.name.value}`
    return [path, ...pathsIn(each, fragments, `${path}.`)]
  })
}
