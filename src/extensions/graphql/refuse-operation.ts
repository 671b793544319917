import { PipelineEnd } from '../../edges/gateway/index.ts'
import { Problem } from '../../platform/lib/problem.ts'

/** Media types in which a client may be told that its operation is refused, in the order in which they are preferred. */
const TYPES = [
  'application/graphql-response+json',
  'application/problem+json',
  'application/json',
] as const
type ErrorMediaType = (typeof TYPES)[number]

/** Error that Apollo and clients like it look for before they send the text of an operation beside its hash. */
const TEXT_MISSING = {
  message: 'PersistedQueryNotFound',
  extensions: { code: 'PERSISTED_QUERY_NOT_FOUND' },
}

/**
 * Does a part of reading an operation; what it throws as a problem of the caller ends the request in the words of GraphQL (GraphQL over
 * HTTP, section 6). `isWellFormed`: the request was one, and only its operation is refused. By `application/json` that is a 200, as
 * clients from before `application/graphql-response+json` expect it.
 */
export function inGraphql<T>(
  accept: string | undefined,
  { isWellFormed }: { readonly isWellFormed: boolean },
  reading: () => T,
): T {
  try {
    return reading()
  } catch (error) {
    if (!(error instanceof Problem) || error.status >= 500) throw error
    throw refusedOperation(error, errorMediaType(accept), isWellFormed)
  }
}

function refusedOperation(
  problem: Problem,
  type: ErrorMediaType,
  isWellFormed: boolean,
): PipelineEnd {
  if (type === 'application/problem+json')
    return new PipelineEnd({ status: problem.status, problem })
  return new PipelineEnd({
    status: isWellFormed && type === 'application/json' ? 200 : problem.status,
    headers: { 'content-type': `${type}; charset=utf-8`, vary: 'accept' },
    problem,
    body: { errors: [errorOf(problem)] },
  })
}

function errorOf(problem: Problem): object {
  if (problem.code === 'graphql.text_missing') return TEXT_MISSING
  const { code, detail, members } = problem
  return { message: detail, extensions: { code, ...members } }
}

/** Type that a client likes best of those (RFC 9110 section 12.5.1); JSON, where it names none of them. */
function errorMediaType(accept = ''): ErrorMediaType {
  let [best, most]: [ErrorMediaType, number] = ['application/json', 0]
  for (const type of TYPES) {
    const weight = weightOf(accept, type)
    if (weight > most) [best, most] = [type, weight]
  }
  return best
}

function weightOf(accept: string, type: ErrorMediaType): number {
  for (const range of accept.toLowerCase().split(',')) {
    const [named, ...parameters] = range.split(';').map((part) => part.trim())
    if (named !== type) continue
    const weight = parameters.find((each) => each.startsWith('q='))?.slice(2) ?? '1'
    return /^(?:0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.test(weight) ? Number(weight) : 0
  }
  return 0
}
