import { writeCanonicalInSteps } from '../lib/canonical-in-steps.ts'
import { nextTurn } from '../lib/in-steps.ts'
import { type Json, MAX_AT_ONCE, parseJsonInSteps } from '../lib/json.ts'
import type { Awaitable } from '../lib/pipeline.ts'
import { Problem } from '../lib/problem.ts'
import { type BodyReader, BytesReader } from './body-reader.ts'
import { readFormJson } from './form.ts'
import { plainMediaType } from './media-type.ts'
import { MultipartReader } from './multipart-reader.ts'

/** 1 MiB: a call's arguments are shown to people and hashed; a file is not an argument. */
export const MAX_BODY_BYTES = 1024 * 1024

/**
 * Media type of exactly JSON (RFC 8259); a charset other than UTF-8 would be another reading of the
 * same bytes.
 */
const JSON_TYPE = 'application/json'

/**
 * Parses a whole body as strict JSON, a long one in slices. Throws `request.unsupported_media_type` and what `parseJson` refuses.
 */
function jsonBody(
  bytes: Buffer,
  contentType: string,
  { isUnknown, media }: BodyKind,
): Awaitable<Json> {
  const [type = JSON_TYPE] = media ?? []
  if (plainMediaType(contentType) !== type)
    throw new Problem(
      'request.unsupported_media_type',
      isUnknown ? UNKNOWN : `this operation takes \`${type}\``,
    )
  return parseJsonInSteps(bytes, { bytes: MAX_BODY_BYTES })
}

const UNKNOWN =
  'the catalog does not say how this operation takes its body, so that only JSON can be read: an administrator has to import the description of the API again; `remit resources show` says why a body is not known'

/**
 * Way in which a body is read: `media` are the types that a body of text or bytes may have, or the one of JSON that is not
 * `application/json`. `isUnknown`: the import could not tell; JSON is read all the same.
 */
export interface BodyKind {
  readonly as: 'json' | 'form' | 'multipart' | 'bytes'
  readonly media?: readonly string[] | undefined
  readonly isUnknown?: boolean
}

/** Reader of a body that is read in pieces; `undefined` for one that is parsed whole. @throws Problem `request.unsupported_media_type` */
export function bodyReader({ as, media = [] }: BodyKind, contentType = ''): BodyReader | undefined {
  if (as === 'multipart') return new MultipartReader(contentType, MAX_BODY_BYTES)
  return as === 'bytes' ? new BytesReader(contentType, media) : undefined
}

/**
 * Parses a whole body strictly; `undefined` when there is none. A long one is read in slices, its canonical form is written in slices,
 * too, and code that goes on with it has a turn of its own. Throws, or rejects, as `jsonBody`, `readForm` and readers of pieces do.
 */
export function parseBody(
  bytes: Buffer,
  contentType = '',
  kind: BodyKind = { as: 'json' },
): Awaitable<Json | undefined> {
  if (bytes.length === 0) return undefined
  const read = readerOf(kind)(bytes, contentType, kind)
  return bytes.length <= MAX_AT_ONCE ? read : inTurns(read)
}

/** Parses the text of a body as `parseBody` does, where it stands in another document. @throws Problem as `parseJson` */
export function parseJsonText(text: string): Awaitable<Json> {
  const read = parseJsonInSteps(text, { bytes: MAX_BODY_BYTES })
  return text.length <= MAX_AT_ONCE ? read : inTurns(read)
}

async function inTurns(read: Awaitable<Json>): Promise<Json> {
  const body = await read
  await writeCanonicalInSteps(body)
  await nextTurn()
  return body
}

type WholeReader = (bytes: Buffer, contentType: string, kind: BodyKind) => Awaitable<Json>

function readerOf({ as }: BodyKind): WholeReader {
  if (as === 'json') return jsonBody
  return as === 'form' ? readFormJson : readPieces
}

function readPieces(bytes: Buffer, contentType: string, kind: BodyKind): Json {
  const reader = bodyReader(kind, contentType)
  if (!reader) throw new Error(`a body of ${kind.as} has no reader`)
  reader.push(bytes)
  return reader.end()
}
