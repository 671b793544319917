import type { IncomingHttpHeaders } from 'node:http'
import { parseJson, printJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { MAX_RESHAPED, type Reshape, UnfitAnswer } from './reshape.ts'

/** Media type of JSON in UTF-8. In another charset the caller would read other names than we do. */
const JSON_TYPE =
  /^application\/(?:[a-z0-9.+-]+\+)?json[ \t]*(?:;[ \t]*charset="?utf-8"?[ \t]*|;(?![^;]*charset)[^;]*)*$/i

export function isJsonType(contentType: string): boolean {
  return JSON_TYPE.test(contentType)
}

/**
 * Changes the whole body of an HTTP answer as policies require.
 * @throws Problem `obligation.failed` when it cannot be changed so: then none of it is told
 */
export function reshapeBody(
  reshape: Reshape,
  { body, contentType }: { readonly body: Buffer; readonly contentType: string },
): Buffer {
  if (body.length === 0) return body
  if (!isJsonType(contentType)) throw withheld('it is no JSON')
  try {
    return Buffer.from(printJson(reshape(parseJson(body, { bytes: MAX_RESHAPED }))))
  } catch (error) {
    if (error instanceof UnfitAnswer) throw withheld(error.message)
    // What the API sent stays out of the words.
    if (error instanceof Problem) throw withheld('it cannot be read as JSON, or is too large')
    throw error
  }
}

/** Headers that reveal parts of the answer: names of files, addresses, its content. */
const OF_THE_ANSWER = [
  'content-disposition',
  'etag',
  'last-modified',
  'link',
  'location',
  'preference-applied',
]

/** Headers of an answer that was changed. The media type is kept without its parameters. */
export function obligedHeaders(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const told = Object.entries(headers).filter(([name]) => !OF_THE_ANSWER.includes(name))
  const type = headers['content-type']?.split(';', 1)[0]?.trim()
  return { ...Object.fromEntries(told), ...(type === undefined ? {} : { 'content-type': type }) }
}

export function withheld(why: string): Problem {
  return new Problem(
    'obligation.failed',
    `the call was executed, and its response is withheld: a policy requires changes to it, and ${why}`,
  )
}

/** Checks whether the caller accepts an answer in JSON. */
export function admitsJson(accept: string | undefined): boolean {
  if (accept === undefined) return true
  return accept
    .toLowerCase()
    .split(',')
    .some((range) =>
      /^[ \t]*(?:\*\/\*|application\/(?:\*|json|[a-z0-9.+-]+\+json))[ \t]*(?:;|$)/.test(range),
    )
}
