import type { Submission } from '../../calls/index.ts'
import { sha256url } from '../../lib/bytes.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'
import { isObject, type Json, type JsonObject } from '../../lib/json.ts'
import { Problem } from '../../lib/problem.ts'
import { readQuestion } from '../question.ts'
import { malformed, type ReadRequest } from '../read-request.ts'
import { keptOf } from '../record.ts'
import { bindingHash } from './binding.ts'

const MAX_TEXT = 1024
const MAX_KEY = 255
const MAX_CHAIN = 16
/** RFC 3339, with an offset: a time without one would be another time elsewhere. */
const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/i

/**
 * ARAP, Access Request Submission.
 * @throws Problem `evaluation.malformed`, `access_request.bad_binding`
 */
export function readSubmission(request: ReadRequest, keys: readonly string[]): Submission {
  const { body } = request
  if (body.has('items')) throw malformed('one denial at a time: `items` is not offered')
  if (body.has('callback')) throw malformed('`callback` is not offered: ask for the status')
  readQuestion(body)
  const denial = objectAt(body, 'denial')
  const requested = body.has('requested_access') ? objectAt(body, 'requested_access') : undefined
  const until = requested?.get('requested_until')
  return {
    evaluationId: boundId(denial),
    expiresAt: timeOf(denial.get('expires_at'), 'denial.expires_at'),
    bindingHash: bindingHash(body),
    requestedUntil:
      until === undefined ? undefined : timeOf(until, 'requested_access.requested_until'),
    actors: readActors(body),
    idempotencyKey: readKey(keys),
    bodyDigest: sha256url(canonicalJson(body)),
    kept: keptOf(request),
  }
}

/** No binding token is ever given out here, so whoever brings one has it from somewhere else. */
function boundId(denial: JsonObject): string {
  const id = denial.get('evaluation_id')
  if (denial.has('binding_token') || typeof id !== 'string' || id.length > MAX_TEXT)
    throw new Problem('access_request.bad_binding', 'bind the denial by its `evaluation_id`')
  return id
}

/** `client.actor` with the chain behind it: who it says acts, as far as it says so. What it says has to be so. */
function readActors(body: JsonObject): readonly string[] {
  const client = body.get('client')
  const actor = isMap(client) ? client.get('actor') : undefined
  if (actor === undefined) return []
  const actors: string[] = []
  for (let each: Json | undefined = actor; each !== undefined; ) {
    const id: Json | undefined = isMap(each)
      ? each.get(actors.length === 0 ? 'id' : 'sub')
      : undefined
    if (!isMap(each) || typeof id !== 'string' || actors.length === MAX_CHAIN)
      throw malformed('`client.actor` must name the acting agent')
    actors.push(id)
    each = each.get('act')
  }
  return actors
}

function readKey([key, ...more]: readonly string[]): string | undefined {
  if (key === undefined) return undefined
  if (more.length > 0 || key === '' || key.length > MAX_KEY)
    throw malformed(`\`Idempotency-Key\` is one value of at most ${MAX_KEY} characters`)
  return key
}

function objectAt(from: JsonObject, name: string): JsonObject {
  const value = from.get(name)
  if (!isMap(value)) throw malformed(`\`${name}\` has to be an object`)
  return value
}

function timeOf(value: Json | undefined, name: string): number {
  const at = typeof value === 'string' && TIME.test(value) ? Date.parse(value) : Number.NaN
  if (Number.isNaN(at)) throw malformed(`\`${name}\` has to be a time of RFC 3339`)
  return at
}

function isMap(value: Json | undefined): value is JsonObject {
  return value !== undefined && isObject(value)
}
