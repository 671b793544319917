import { parseJson, printJson } from '../../lib/json.ts'
import { Problem } from '../../lib/problem.ts'
import { MOST_RESHAPED, type Reshape, Unfit } from './reshape.ts'

/** The whole body of an HTTP answer, as it may be told; a problem when it cannot be made that. Nothing of it is told then. */
export function reshapeBody(
  reshape: Reshape,
  { body, contentType }: { readonly body: Buffer; readonly contentType: string },
): Buffer | Problem {
  if (body.length === 0) return body
  if (!/^application\/(?:[a-z0-9.+-]+\+)?json\s*(?:;|$)/i.test(contentType))
    return withheld('it is no JSON')
  try {
    return Buffer.from(printJson(reshape(parseJson(body, { bytes: MOST_RESHAPED }))))
  } catch (error) {
    if (error instanceof Unfit) return withheld(error.message)
    // What the API sent stays out of the words.
    if (error instanceof Problem) return withheld('it cannot be read as JSON, or is too large')
    throw error
  }
}

export function withheld(why: string): Problem {
  return new Problem(
    'obligation.failed',
    `the call was executed, and its answer is withheld: policies say what may be told of it, and ${why}`,
  )
}

/** Whether an answer in JSON would do for the caller. */
export function admitsJson(accept: string | undefined): boolean {
  if (accept === undefined) return true
  return accept
    .toLowerCase()
    .split(',')
    .some((range) =>
      /^\s*(?:\*\/\*|application\/(?:\*|json|[a-z0-9.+-]+\+json))\s*(?:;|$)/.test(range),
    )
}
