import { sha256url } from '../../../platform/lib/bytes.ts'
import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { isList, isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'
import type { AuthzenPorts } from '../ports.ts'
import { AuthzenProblem } from '../problems.ts'
import { readQuestion } from '../question.ts'
import { malformedRequest, type ReadRequest } from '../read-request.ts'
import { keptOf } from '../record.ts'
import type { CallbackWish, Submission, SubmissionItem } from '../submissions/index.ts'
import { bindingHash } from './binding.ts'
import { evaluationOf } from './binding-token.ts'

const MAX_TEXT = 1024
const MAX_KEY = 255
const MAX_SENT_ACTORS = 16
const MAX_EVENTS = 16
/** Number of requests that may wait of one task. */
const MAX_ITEMS = 10
/** RFC 3339, with an offset: a time without one would be another time elsewhere. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i

/**
 * ARAP, Access Request Submission.
 * @throws Problem `evaluation.malformed`, `access_request.bad_binding`
 */
export function readSubmission(
  ports: Pick<AuthzenPorts, 'master'>,
  request: ReadRequest,
  keys: readonly string[],
): Submission {
  const { body } = request
  return {
    items: body.has('items') ? readItems(ports, body) : [readItem(ports, body)],
    callback: body.has('callback') ? readCallback(objectAt(body, 'callback')) : undefined,
    actors: readActors(body),
    idempotencyKey: readKey(keys),
    bodyDigest: sha256url(canonicalJson(body)),
    kept: keptOf(request),
  }
}

/**
 * Items of a submission, each a submission of its own but for what it shares: `subject`, and `context` and `requested_access` where
 * it has none. As in Access Evaluations (Authorization API 1.0 section 7), an item may have a `context`.
 */
function readItems(
  ports: Pick<AuthzenPorts, 'master'>,
  body: JsonObject,
): readonly SubmissionItem[] {
  const items = body.get('items')
  if (!Array.isArray(items) || items.length === 0 || items.length > MAX_ITEMS)
    throw malformedRequest(`\`items\` is a list of 1 to ${MAX_ITEMS}`)
  if (body.has('resource') || body.has('action'))
    throw malformedRequest('with `items`, `resource` and `action` are in each of them')
  const read = items.map((item: Json) => {
    if (!isMap(item)) throw malformedRequest('an item has to be an object')
    if (!item.has('denial'))
      throw new AuthzenProblem(
        'access_request.bad_binding',
        'bind each item by a `denial` of its own',
      )
    const one = new Map([...item, ...memberNamed(body, 'subject')])
    const wished = [body, item].flatMap((from) => [...objectIn(from, 'requested_access')])
    const whole = new Map([
      ...memberNamed(body, 'context'),
      ...one,
      ['requested_access', new Map(wished)],
    ])
    const sent = new Map(['resource', 'action'].flatMap((name) => memberNamed(item, name)))
    return { ...readItem(ports, whole), item: canonicalJson(sent) }
  })
  if (new Set(read.map((each) => each.bindingHash)).size < read.length)
    throw malformedRequest('an item is there twice')
  return read
}

/** A member with its name; none where it is not there. */
function memberNamed(from: JsonObject, name: string): readonly (readonly [string, Json])[] {
  const value = from.get(name)
  return value === undefined ? [] : [[name, value]]
}

function objectIn(from: JsonObject, name: string): JsonObject {
  return from.has(name) ? objectAt(from, name) : new Map()
}

function readItem(ports: Pick<AuthzenPorts, 'master'>, body: JsonObject): SubmissionItem {
  readQuestion(body)
  const denial = objectAt(body, 'denial')
  const until = objectIn(body, 'requested_access').get('requested_until')
  return {
    evaluationId: boundId(ports, denial),
    expiresAt: timeOf(denial.get('expires_at'), 'denial.expires_at'),
    bindingHash: bindingHash(body),
    requestedUntil:
      until === undefined ? undefined : timeOf(until, 'requested_access.requested_until'),
    item: undefined,
  }
}

/** ARAP, Callback Completion. Events that are none of ours never come. */
function readCallback(callback: JsonObject): CallbackWish {
  const [endpoint, state = null, events = null] = ['endpoint', 'state', 'events'].map((name) =>
    callback.get(name),
  )
  if (!isShort(endpoint) || (state !== null && !isShort(state)))
    throw malformedRequest(
      `\`callback\` has an \`endpoint\` and a \`state\` of ${MAX_TEXT} characters`,
    )
  if (events !== null && !(isList(events) && events.length <= MAX_EVENTS && events.every(isShort)))
    throw malformedRequest('`callback.events` is a list of events')
  return { endpoint, state, events }
}

function isShort(value: Json | undefined): value is string {
  return typeof value === 'string' && value.length <= MAX_TEXT
}

/** Finds the id of the denied evaluation, which is given as it is, in a binding token, or both: then they agree. */
function boundId(ports: Pick<AuthzenPorts, 'master'>, denial: JsonObject): string {
  const given = denial.get('evaluation_id')
  const named = denial.has('binding_token')
    ? evaluationOf(ports, denial.get('binding_token'))
    : given
  const id = denial.has('evaluation_id') ? given : named
  if (typeof id !== 'string' || id.length > MAX_TEXT || id !== named)
    throw new AuthzenProblem(
      'access_request.bad_binding',
      'bind the denial by its `evaluation_id`, its `binding_token`, or both',
    )
  return id
}

/** Reads the actor chain that `client.actor` claims. It has to match the chain of the task. */
function readActors(body: JsonObject): readonly string[] {
  const client = body.get('client')
  const actor = isMap(client) ? client.get('actor') : undefined
  if (actor === undefined) return []
  const actors: string[] = []
  for (let each: Json | undefined = actor; each !== undefined; ) {
    const id: Json | undefined = isMap(each)
      ? each.get(actors.length === 0 ? 'id' : 'sub')
      : undefined
    if (!isMap(each) || typeof id !== 'string' || actors.length === MAX_SENT_ACTORS)
      throw malformedRequest('`client.actor` must name the acting agent')
    actors.push(id)
    each = each.get('act')
  }
  return actors
}

function readKey([key, ...more]: readonly string[]): string | undefined {
  if (key === undefined) return undefined
  if (more.length > 0 || key === '' || key.length > MAX_KEY)
    throw malformedRequest(`\`Idempotency-Key\` is one value of at most ${MAX_KEY} characters`)
  return key
}

function objectAt(from: JsonObject, name: string): JsonObject {
  const value = from.get(name)
  if (!isMap(value)) throw malformedRequest(`\`${name}\` has to be an object`)
  return value
}

function timeOf(value: Json | undefined, name: string): number {
  const at = typeof value === 'string' && TIME.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(at)) throw malformedRequest(`\`${name}\` has to be a time of RFC 3339`)
  return at
}

function isMap(value: Json | undefined): value is JsonObject {
  return value !== undefined && isObject(value)
}
