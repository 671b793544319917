import type { IncomingMessage } from 'node:http'
import { collectBody } from '../http/index.ts'
import { type Json, parseJson } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'
import type { StrictRequest } from './strict-request.ts'

/** 1 MiB: a call's arguments are shown to people and hashed; a file is not an argument. */
export const MAX_BODY_BYTES = 1024 * 1024

/**
 * Media type of exactly JSON (RFC 8259); a charset other than UTF-8 would be another reading of the
 * same bytes.
 */
const JSON_TYPE = /^application\/json(?:\s*;\s*charset=utf-8)?$/i

/**
 * Reads the whole body as strict JSON; `undefined` when there is none. Throws
 * `request.unsupported_media_type`, `input.too_large` and what `parseJson` refuses.
 */
export async function readBody(
  message: IncomingMessage,
  request: StrictRequest,
): Promise<Json | undefined> {
  const bytes = await collectBody(message, MAX_BODY_BYTES)
  if (bytes.length === 0) return undefined
  const type = request.headers.get('content-type') ?? ''
  if (!JSON_TYPE.test(type)) {
    throw new Problem(
      'request.unsupported_media_type',
      'the gateway reads `application/json` bodies only',
    )
  }
  return parseJson(bytes, { bytes: MAX_BODY_BYTES })
}
