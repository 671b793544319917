import type { Dispatcher } from 'undici'
import { type Json, parseJson } from '../lib/json.ts'
import { Problem } from '../lib/problem.ts'
import { boundedFetch, type FetchLimits } from './fetch.ts'

/** `application/json` and everything that ends in `+json`, parameters aside. */
const JSON_MEDIA_TYPE = /^application\/(?:json|[a-z0-9!#$&^_.+-]+\+json)[ \t]*(?:;|$)/i

/** A JSON document with the headers that it came with. */
export interface FetchedDocument {
  readonly json: Json
  readonly headers: Headers
}

/** See `Outbound.fetchJson`. */
export async function fetchJson(
  dispatcher: Dispatcher,
  url: string,
  limits?: FetchLimits,
): Promise<Json> {
  return (await fetchDocument(dispatcher, url, limits)).json
}

/** See `Outbound.fetchDocument`. */
export async function fetchDocument(
  dispatcher: Dispatcher,
  url: string,
  limits?: FetchLimits,
): Promise<FetchedDocument> {
  const answer = await boundedFetch(
    dispatcher,
    url,
    { headers: { accept: 'application/json', ...limits?.headers }, signal: limits?.signal },
    limits,
  )
  if (answer.status !== 200) throw unexpected(`${url} answered ${answer.status}, not 200`)
  // no encoding was offered; a compressed answer could grow past the limit when opened
  if (answer.headers.has('content-encoding'))
    throw unexpected(`${url} answered with an encoded body`)
  if (!JSON_MEDIA_TYPE.test(answer.headers.get('content-type') ?? '')) {
    throw unexpected(`${url} did not answer with a JSON media type`)
  }
  try {
    return {
      json: parseJson(
        await answer.bytes(),
        limits?.maxBytes === undefined ? {} : { bytes: limits.maxBytes },
      ),
      headers: answer.headers,
    }
  } catch (cause) {
    throw unexpected(`${url} did not answer with acceptable JSON`, cause)
  }
}

function unexpected(detail: string, cause?: unknown): Problem {
  return new Problem('outbound.unexpected_answer', detail, { cause })
}
