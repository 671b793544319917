import type { IncomingMessage } from 'node:http'
import { collectBody } from '../../platform/http/index.ts'
import { isObject, type JsonObject, parseJsonInSteps } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'

/** Maximum bytes of a body; the number of evaluations in it is bounded by `MAX_EVALUATIONS`. */
export const MAX_BODY_BYTES = 512 * 1024
const MAX_DEPTH = 32

/** Exactly JSON; a charset other than UTF-8 would be another reading of the same bytes. */
const JSON_TYPE = /^application\/json(?:[ \t]*;[ \t]*charset="?utf-8"?)?[ \t]*$/i

export interface ReadRequest {
  readonly body: JsonObject
  readonly bytes: Buffer
}

/**
 * The body of a request: one JSON object, read strictly.
 * @throws Problem `evaluation.malformed`, `input.…`, `request.incomplete`
 */
export async function readRequest(message: IncomingMessage): Promise<ReadRequest> {
  const { 'content-type': type = '' } = message.headers
  if (!JSON_TYPE.test(type)) throw malformedRequest('the content type has to be `application/json`')
  const bytes = await collectBody(message, MAX_BODY_BYTES)
  if (bytes.length === 0) throw malformedRequest('the body is empty; a JSON object is needed')
  const body = await parseJsonInSteps(bytes, { bytes: MAX_BODY_BYTES, depth: MAX_DEPTH })
  if (!isObject(body)) throw malformedRequest('the body has to be a JSON object')
  return { body, bytes }
}

export function malformedRequest(detail: string): Problem {
  return new Problem('evaluation.malformed', detail)
}
