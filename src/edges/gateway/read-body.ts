import type { IncomingMessage } from 'node:http'
import { type BodyKind, MAX_BODY_BYTES, parseBody } from '../../platform/bodies/index.ts'
import { collectBody } from '../../platform/http/index.ts'
import type { Json } from '../../platform/lib/json.ts'
import type { StrictRequest } from './strict-request.ts'

const JSON_BODY: BodyKind = { as: 'json' }

/**
 * Reads the whole body strictly, as JSON or as the operation takes it; `undefined` when there is none. Throws
 * `request.unsupported_media_type`, `input.too_large`, `input.malformed` and what `parseJson` refuses.
 */
export async function readCallBody(
  message: IncomingMessage,
  request: StrictRequest,
  kind = JSON_BODY,
): Promise<Json | undefined> {
  const bytes = await collectBody(message, MAX_BODY_BYTES)
  return parseBody(bytes, request.headers.get('content-type'), kind)
}
