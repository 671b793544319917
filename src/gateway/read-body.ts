import type { IncomingMessage } from 'node:http'
import type { BodyForm } from '@remit/engine'
import { collectBody, MAX_BODY_BYTES, parseBody } from '../http/index.ts'
import type { Json } from '../lib/json.ts'
import type { StrictRequest } from './strict-request.ts'

/**
 * Reads the whole body as strict JSON, or as a form where the operation takes one; `undefined` when there is none. Throws
 * `request.unsupported_media_type`, `input.too_large`, `input.malformed` and what `parseJson` refuses.
 */
export async function readBody(
  message: IncomingMessage,
  request: StrictRequest,
  form: BodyForm = 'whole',
): Promise<Json | undefined> {
  const bytes = await collectBody(message, MAX_BODY_BYTES)
  const type = request.headers.get('content-type')
  return parseBody(bytes, type, form === 'form' ? 'form' : 'json')
}
