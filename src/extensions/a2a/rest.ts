import { type LocatedRequest, PipelineEnd } from '../../edges/gateway/index.ts'
import { MAX_BODY_BYTES, parseBody } from '../../platform/bodies/index.ts'
import { collectBody } from '../../platform/http/index.ts'
import { ExactNumber, isObject, type Json, type JsonObject } from '../../platform/lib/json.ts'
import type { Awaitable } from '../../platform/lib/pipeline.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { RpcRequest } from '../../platform/net/index.ts'
import { rpcFailure } from './errors.ts'
import { jsonName } from './read-params.ts'

const ID = '([^/:]+)'
const CONFIGS = `tasks/${ID}/pushNotificationConfigs`

/**
 * Paths below the identifier, and operations by HTTP method (A2A 1.0, section 5.3). Clients subscribe by
 * POST; the definition of the service has GET.
 */
const ROUTES: readonly (readonly [RegExp, Readonly<Record<string, string>>])[] = [
  [/^message:send$/, { POST: 'SendMessage' }],
  [/^message:stream$/, { POST: 'SendStreamingMessage' }],
  [/^tasks$/, { GET: 'ListTasks' }],
  [path(`tasks/${ID}`), { GET: 'GetTask' }],
  [path(`tasks/${ID}:cancel`), { POST: 'CancelTask' }],
  [path(`tasks/${ID}:subscribe`), { GET: 'SubscribeToTask', POST: 'SubscribeToTask' }],
  [
    path(CONFIGS),
    { GET: 'ListTaskPushNotificationConfigs', POST: 'CreateTaskPushNotificationConfig' },
  ],
  [
    path(`${CONFIGS}/${ID}`),
    { GET: 'GetTaskPushNotificationConfig', DELETE: 'DeleteTaskPushNotificationConfig' },
  ],
  [/^extendedAgentCard$/, { GET: 'GetExtendedAgentCard' }],
]

function path(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`)
}

/** Operation that an HTTP request asks for, and the id of the task in its path. */
export interface RestRoute {
  readonly method: string
  readonly id: string | undefined
}

/**
 * Finds the operation by the path as it was sent: a colon that is written as one begins a verb, and
 * `%3A` is part of an id.
 * @throws Problem `resource.unknown`, Ended with 405
 */
export function routeOf({ request }: Pick<LocatedRequest, 'request'>): RestRoute {
  const below = request.path.split('/').slice(2).join('/')
  for (const [pattern, methods] of ROUTES) {
    const found = pattern.exec(below)
    if (!found) continue
    const method = Object.hasOwn(methods, request.method) ? methods[request.method] : undefined
    const [, id] = found
    if (method !== undefined)
      return { method, id: id === undefined ? undefined : decodeURIComponent(id) }
    const allow = Object.keys(methods).join(', ')
    throw new PipelineEnd({
      status: 405,
      headers: { allow },
      problem: new Problem('request.method_not_allowed', `only ${allow} is offered`),
    })
  }
  throw new Problem('resource.unknown', 'A2A has no such path')
}

/**
 * Reads a request of HTTP+JSON as the same operation of JSON-RPC. Nothing is said twice: a query beside
 * a body, a body of a GET, and an id in the body that is not the path's are refused.
 */
export async function readRest(located: LocatedRequest): Promise<RpcRequest> {
  const { message, request } = located
  const { id, method } = routeOf(located)
  const bytes = await collectBody(message, MAX_BODY_BYTES)
  const body = await bodyOf(bytes, request.headers.get('content-type'))
  const query = request.query.filter(([name]) => name !== VERSION_PARAMETER)
  const isBodiless = request.method === 'GET' || request.method === 'DELETE'
  if (isBodiless ? body !== undefined : query.length > 0)
    throw rpcFailure(
      undefined,
      'invalidParams',
      'parameters are in the query of a GET, and in the body of a POST',
    )
  const given = isBodiless ? fromQuery(query) : (body ?? new Map())
  if (!isObject(given)) throw rpcFailure(undefined, 'invalidParams', 'the body has to be an object')
  return { kind: 'request', id: 'rest', method, params: withId(given, id) }
}

function withId(given: JsonObject, id: string | undefined): JsonObject {
  if (id === undefined) return given
  const said = given.get('id')
  if (said !== undefined && said !== id)
    throw rpcFailure(undefined, 'invalidParams', '`id` is not that of the path')
  return new Map([...given, ['id', id]])
}

/** Query parameter that may say the version, instead of the header (section 3.6.1). */
export const VERSION_PARAMETER = 'A2A-Version'

/** Media type of the binding, which is JSON (section 14.1). */
const A2A_JSON = /^application\/a2a\+json(?=[ \t]*(?:;|$))/i

function bodyOf(bytes: Buffer, type = ''): Awaitable<Json | undefined> {
  return parseBody(bytes, type.replace(A2A_JSON, 'application/json'))
}

const NUMBERS = new Set(['historyLength', 'pageSize'])
const FLAGS: Readonly<Record<string, boolean>> = { true: true, false: false }

/** Reads parameters from a query: numbers as digits, flags as words (section 11.5). */
function fromQuery(query: LocatedRequest['request']['query']): JsonObject {
  const params = new Map<string, Json>()
  for (const [given, text] of query) {
    const name = jsonName(given)
    if (params.has(name)) throw rpcFailure(undefined, 'invalidParams', 'a parameter is there twice')
    const flag = name === 'includeArtifacts' && Object.hasOwn(FLAGS, text) ? FLAGS[text] : undefined
    const isNumber = NUMBERS.has(name) && /^(?:0|[1-9][0-9]{0,8})$/.test(text)
    params.set(name, flag ?? (isNumber ? new ExactNumber(text) : text))
  }
  return params
}
