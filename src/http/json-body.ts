import { type Json, parseJson } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'

/** 1 MiB: a call's arguments are shown to people and hashed; a file is not an argument. */
export const MAX_BODY_BYTES = 1024 * 1024

/**
 * Media type of exactly JSON (RFC 8259); a charset other than UTF-8 would be another reading of the
 * same bytes.
 */
const JSON_TYPE = /^application\/json(?:\s*;\s*charset=utf-8)?$/i

/**
 * Parses a whole body as strict JSON; `undefined` when there is none. Throws
 * `request.unsupported_media_type` and what `parseJson` refuses.
 */
export function jsonBody(bytes: Buffer, contentType = ''): Json | undefined {
  if (bytes.length === 0) return undefined
  if (!JSON_TYPE.test(contentType)) {
    throw new Problem(
      'request.unsupported_media_type',
      'the gateway reads `application/json` bodies only',
    )
  }
  return parseJson(bytes, { bytes: MAX_BODY_BYTES })
}
