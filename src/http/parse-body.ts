import { isUtf8 } from 'node:buffer'
import { type Json, parseJson } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'
import { readQuery } from './strict-target.ts'

/** 1 MiB: a call's arguments are shown to people and hashed; a file is not an argument. */
export const MAX_BODY_BYTES = 1024 * 1024

/**
 * Media type of exactly JSON (RFC 8259); a charset other than UTF-8 would be another reading of the
 * same bytes.
 */
const JSON_TYPE = /^application\/json(?:\s*;\s*charset=utf-8)?$/i

const FORM_TYPE = /^application\/x-www-form-urlencoded(?:\s*;\s*charset=utf-8)?$/i

/**
 * Parses a whole body as a strict form; `undefined` when there is none. Answers pairs of name and value, in their order, as JSON.
 * Throws `request.unsupported_media_type` and `input.malformed`.
 */
function formBody(bytes: Buffer, contentType: string): Json | undefined {
  if (bytes.length === 0) return undefined
  if (!FORM_TYPE.test(contentType))
    throw new Problem(
      'request.unsupported_media_type',
      'this operation takes `application/x-www-form-urlencoded`',
    )
  const pairs = isUtf8(bytes) ? readQuery(bytes.toString('utf8')) : undefined
  if (!pairs) throw new Problem('input.malformed', 'the form can be read in more than one way')
  return pairs
}

/**
 * Parses a whole body as strict JSON; `undefined` when there is none. Throws
 * `request.unsupported_media_type` and what `parseJson` refuses.
 */
function jsonBody(bytes: Buffer, contentType: string): Json | undefined {
  if (bytes.length === 0) return undefined
  if (!JSON_TYPE.test(contentType)) {
    throw new Problem(
      'request.unsupported_media_type',
      'the gateway reads `application/json` bodies only',
    )
  }
  return parseJson(bytes, { bytes: MAX_BODY_BYTES })
}

/** Parses a whole body strictly; `undefined` when there is none. Throws as `jsonBody` and `formBody` do. */
export function parseBody(
  bytes: Buffer,
  contentType = '',
  as: 'json' | 'form' = 'json',
): Json | undefined {
  return as === 'form' ? formBody(bytes, contentType) : jsonBody(bytes, contentType)
}
