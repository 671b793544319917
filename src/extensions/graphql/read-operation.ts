import {
  type GatewayPorts,
  type LocatedRequest,
  PipelineEnd,
  readCallBody,
  refuseStranger,
} from '../../edges/gateway/index.ts'
import type { Json } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { TypedFields } from './decide.ts'
import { inGraphql } from './refuse-operation.ts'
import { membersInQuery, readRequest } from './request.ts'

/**
 * Reads the operation, and types each root field. INVARIANT: a caller without a good credential is told nothing of the schema, and
 * nothing costly is done for it.
 * @throws Problem `action.unknown`, `graphql.unsupported`, and what reading a JSON body throws; PipelineEnd of
 * `request.method_not_allowed` and, told as GraphQL tells it, of `graphql.…` and `arguments.…`
 */
export async function takeOperation(
  located: LocatedRequest,
  ports: GatewayPorts,
): Promise<TypedFields> {
  const { request, resource, segments } = located
  await refuseStranger(located, ports)
  if (segments.length > 0)
    throw new Problem('action.unknown', `\`${resource.name}\` has one address`)
  const { method } = request
  if (method !== 'POST' && method !== 'GET')
    throw notBy('GET, POST', 'an operation is sent by POST, or GET')
  const accept = request.headers.get('accept')
  const actions = (await ports.catalog.current()).actionsOf(resource.name)
  // Loaded with the first operation: most servers have no GraphQL API.
  const { fieldCall, operationIn } = await import('./field-calls.ts')
  const body = await bodyOf(located)
  const read = inGraphql(accept, { isWellFormed: false }, () =>
    readRequest(method === 'GET' ? membersInQuery(request.query) : body),
  )
  const { calls, operation } = inGraphql(accept, { isWellFormed: true }, () => {
    const found = operationIn(actions, read)
    const fields = found.fields.map((field) => fieldCall(field, actions))
    if (resource.trusted && fields.length > 1)
      throw unsupported(
        'a trusted API takes one root field: its transaction token is about one action',
      )
    return { operation: found, calls: fields }
  })
  // INVARIANT: what changes something is not sent by a method that caches and crawlers repeat (GraphQL over HTTP, section 5.3).
  if (method === 'GET' && operation.kind === 'mutation')
    throw notBy('POST', 'a mutation is sent by POST')
  return { ...located, operation, calls }
}

async function bodyOf({ message, request }: LocatedRequest): Promise<Json | undefined> {
  const body = await readCallBody(message, request)
  if (request.method === 'GET' && body !== undefined)
    throw unsupported('the operation of a GET is in the query of its address; it has no body')
  if (request.method === 'POST' && request.query.length > 0)
    throw unsupported('the operation of a POST is in its body; its address has no query')
  return body
}

function notBy(allow: string, why: string): PipelineEnd {
  const problem = new Problem('request.method_not_allowed', why)
  return new PipelineEnd({ status: problem.status, headers: { allow }, problem })
}

function unsupported(why: string): Problem {
  return new Problem('graphql.unsupported', why)
}
