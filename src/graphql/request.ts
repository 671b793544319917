import { isObject, type Json, type JsonObject } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'

/** A request as it came (GraphQL over HTTP, section 5.4.1). */
export interface GraphqlRequest {
  readonly query: string
  readonly operationName: string | undefined
  readonly variables: JsonObject
}

const MAX_QUERY = 65_536
const NOTHING: JsonObject = new Map()
const KNOWN: ReadonlySet<string> = new Set(['query', 'operationName', 'variables', 'extensions'])

/** @throws Problem `graphql.invalid`, `graphql.unsupported` */
export function readRequest(sent: Json | undefined): GraphqlRequest {
  if (Array.isArray(sent)) throw unsupported('a request has one operation: batches are not taken')
  if (!isObject(sent)) throw new Problem('graphql.invalid', 'the body is no JSON object')
  const { extensions, operationName, query, variables } = Object.fromEntries(sent)
  const strange = [...sent.keys()].find((name) => !KNOWN.has(name))
  const isEmpty = extensions === undefined || extensions === null || sizeOf(extensions) === 0
  if (query === undefined && (strange !== undefined || !isEmpty))
    throw unsupported(
      'an operation is sent as its text: hashes and ids of stored ones are not taken',
    )
  if (strange !== undefined) throw unsupported('the request has a member that is not known')
  if (!isEmpty) throw unsupported('`extensions` are not taken')
  if (typeof query !== 'string') throw new Problem('graphql.invalid', '`query` is no text')
  if (query.length > MAX_QUERY)
    throw unsupported(`the operation is longer than ${MAX_QUERY} characters`)
  if (!isMissing(operationName) && typeof operationName !== 'string')
    throw new Problem('graphql.invalid', '`operationName` is no text')
  if (!isMissing(variables) && !isObject(variables))
    throw new Problem('graphql.invalid', '`variables` are no object')
  return {
    query,
    // Libraries send an empty name for none.
    operationName:
      typeof operationName === 'string' && operationName !== '' ? operationName : undefined,
    variables: isObject(variables) ? variables : NOTHING,
  }
}

function isMissing(value: Json | undefined): value is null | undefined {
  return value === undefined || value === null
}

/** Members of an object; anything else counts as something. */
function sizeOf(value: Json): number {
  return value instanceof Map ? value.size : 1
}

function unsupported(why: string): Problem {
  return new Problem('graphql.unsupported', why)
}
