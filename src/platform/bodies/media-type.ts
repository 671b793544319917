import { Problem } from '../lib/problem.ts'

/** A type and subtype in RFC 6838 names; beside it at most UTF-8, because another charset is another reading of the same bytes. */
const PLAIN =
  /^([a-z0-9][a-z0-9!#$&^_.+-]*\/[a-z0-9][a-z0-9!#$&^_.+-]*)(?:[ \t]*;[ \t]*charset=utf-8)?$/i

/** Boundaries of letters, digits, `-` and `_`, which need no quotes (RFC 2046 section 5.1.1 allows more). */
const MULTIPART =
  /^multipart\/form-data[ \t]*;[ \t]*boundary=(?:([A-Za-z0-9_-]{1,70})|"([A-Za-z0-9_-]{1,70})")$/i

/** Type in lower case, without its parameter. `undefined`: it can be read in more than one way, or is itself made of parts. */
export function plainMediaType(text: string): string | undefined {
  const type = PLAIN.exec(text)?.[1]?.toLowerCase()
  return type === undefined || /^(?:multipart|message)\//.test(type) ? undefined : type
}

/** Boundary of a multipart form. @throws Problem `request.unsupported_media_type` */
export function boundaryOf(contentType: string): string {
  const found = MULTIPART.exec(contentType)
  const boundary = found?.[1] ?? found?.[2]
  if (boundary !== undefined) return boundary
  throw new Problem(
    'request.unsupported_media_type',
    'this operation takes `multipart/form-data` with a plain boundary and no other parameter',
  )
}

/** Checks a type against those that an operation takes: `image/png`, `image/*`. */
export function isAmong(type: string, accepted: readonly string[]): boolean {
  return accepted.some((each) =>
    each.endsWith('/*') ? type.startsWith(each.slice(0, -1)) : each === type,
  )
}
