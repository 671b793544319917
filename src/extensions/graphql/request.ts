import { isObject, type Json, type JsonObject, parseJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'

/** A request as it came (GraphQL over HTTP, section 5.4.1). */
export interface GraphqlRequest {
  readonly query: string
  readonly operationName: string | undefined
  readonly variables: JsonObject
}

const MAX_QUERY = 65_536
const NOTHING: JsonObject = new Map()
/** Members of a request that are text of JSON in the query of an address (GraphQL over HTTP, section 5.3). */
const IN_JSON: ReadonlySet<string> = new Set(['variables', 'extensions'])
const KNOWN: ReadonlySet<string> = new Set(['query', 'operationName', ...IN_JSON])

/**
 * Reads a request. Its `extensions` are between the client and the gateway: none is known here, and none is sent on. Clients put their
 * own name and version there.
 * @throws Problem `graphql.invalid`, `graphql.text_missing`, `graphql.unsupported`
 */
export function readRequest(sent: Json | undefined): GraphqlRequest {
  if (Array.isArray(sent)) throw unsupported('a request has one operation: batches are not taken')
  if (!isObject(sent)) throw invalidGraphql('the body is no JSON object')
  const { extensions, operationName, query, variables } = Object.fromEntries(sent)
  const strange = [...sent.keys()].find((name) => !KNOWN.has(name))
  if (!isMissing(extensions) && !isObject(extensions))
    throw invalidGraphql('`extensions` are no object')
  if (query === undefined && extensions?.has('persistedQuery') && strange === undefined)
    throw new Problem(
      'graphql.text_missing',
      'no operation is stored here: send its text beside the hash',
    )
  if (query === undefined && strange !== undefined)
    throw unsupported('an operation is sent as its text: ids of stored ones are not taken')
  if (strange !== undefined) throw unsupported('the request has a member that is not known')
  if (typeof query !== 'string') throw invalidGraphql('`query` is no text')
  if (query.length > MAX_QUERY)
    throw unsupported(`the operation is longer than ${MAX_QUERY} characters`)
  if (!isMissing(operationName) && typeof operationName !== 'string')
    throw invalidGraphql('`operationName` is no text')
  if (!isMissing(variables) && !isObject(variables))
    throw invalidGraphql('`variables` are no object')
  return {
    query,
    // Libraries send an empty name for none.
    operationName:
      typeof operationName === 'string' && operationName !== '' ? operationName : undefined,
    variables: isObject(variables) ? variables : NOTHING,
  }
}

/**
 * Members of a request that came in the query of an address, as those of a body.
 * @throws Problem `graphql.invalid`
 */
export function membersInQuery(pairs: readonly (readonly [string, string])[]): JsonObject {
  const members = new Map<string, Json>()
  for (const [name, text] of pairs) {
    if (members.has(name)) throw invalidGraphql('a parameter is there twice')
    members.set(name, IN_JSON.has(name) ? jsonIn(name, text) : text)
  }
  return members
}

function jsonIn(name: string, text: string): Json {
  try {
    return parseJson(text)
  } catch (error) {
    if (error instanceof Problem) throw invalidGraphql(`\`${name}\` is no JSON: ${error.detail}`)
    throw error
  }
}

function isMissing(value: Json | undefined): value is null | undefined {
  return value === undefined || value === null
}

/** Makes the problem of a request that GraphQL does not accept. */
export function invalidGraphql(why: string): Problem {
  return new Problem('graphql.invalid', why)
}

function unsupported(why: string): Problem {
  return new Problem('graphql.unsupported', why)
}
