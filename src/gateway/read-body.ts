import type { IncomingMessage } from 'node:http'
import { collectBody, jsonBody, MAX_BODY_BYTES } from '../http/index.ts'
import type { Json } from '../lib/json.ts'
import type { StrictRequest } from './strict-request.ts'

/**
 * Reads the whole body as strict JSON; `undefined` when there is none. Throws
 * `request.unsupported_media_type`, `input.too_large` and what `parseJson` refuses.
 */
export async function readBody(
  message: IncomingMessage,
  request: StrictRequest,
): Promise<Json | undefined> {
  const bytes = await collectBody(message, MAX_BODY_BYTES)
  return jsonBody(bytes, request.headers.get('content-type'))
}
