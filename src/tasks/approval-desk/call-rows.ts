import { type Canonical, canonicalJson } from '../../platform/lib/canonical-json.ts'
import { ExactNumber } from '../../platform/lib/json.ts'

/** One line of the sent call: where it stands in the request, its name, and its value. */
export interface CallRow {
  readonly place: 'request' | 'query' | 'header' | 'body' | 'argument'
  readonly name: string
  readonly value: { readonly text: string } | { readonly json: string }
}

/** The parts of a frozen call (`frozenText`) that a person looks at first. */
interface FrozenParts {
  readonly method: string
  readonly path: string
  readonly query: readonly (readonly [string, string])[]
  readonly headers: readonly (readonly [string, string])[]
  readonly body:
    | { readonly kind: 'none' }
    | { readonly kind: 'json'; readonly value: Canonical }
    | { readonly kind: 'digest'; readonly digest: string }
}

/** Numbers keep the text they came with, as everywhere. */
function readFrozen(call: string): FrozenParts {
  return JSON.parse(call, (_name, value: unknown, context?: { source?: string }) =>
    typeof value === 'number' ? new ExactNumber(context?.source ?? String(value)) : value,
  ) as FrozenParts // written by `frozenText` of approvals/ only
}

function shownValue(value: Canonical): CallRow['value'] {
  if (typeof value === 'string') return { text: value }
  if (value instanceof ExactNumber) return { text: value.text }
  return { json: canonicalJson(value) }
}

function isCanonicalRecord(value: Canonical): value is Readonly<Record<string, Canonical>> {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof ExactNumber) &&
    !(value instanceof Map)
  )
}

/** A form is frozen as pairs of a name and a text, or the digest and length of a file. */
function isForm(value: Canonical): value is readonly (readonly [string, Canonical])[] {
  return (
    Array.isArray(value) &&
    value.every(
      (pair: Canonical) =>
        Array.isArray(pair) &&
        pair.length === 2 &&
        typeof pair[0] === 'string' &&
        (typeof pair[1] === 'string' || isCanonicalRecord(pair[1] ?? null)),
    )
  )
}

function bodyRows(body: FrozenParts['body']): CallRow[] {
  if (body.kind === 'none') return []
  if (body.kind === 'digest') {
    return [
      { place: 'body', name: 'SHA-256 of a body that is not JSON', value: { text: body.digest } },
    ]
  }
  if (isForm(body.value))
    return body.value.map(([name, value]) => ({ place: 'body', name, value: shownValue(value) }))
  if (!isCanonicalRecord(body.value))
    return [{ place: 'body', name: 'value', value: shownValue(body.value) }]
  return Object.entries(body.value).map(([name, value]) => ({
    place: 'body',
    name,
    value: shownValue(value),
  }))
}

/** Methods of MCP and evaluations have a slash in them, and those of HTTP never. */
const IN_WORDS: Readonly<Record<string, string>> = {
  'tools/call': 'Tool',
  'prompts/get': 'Prompt',
  'resources/read': 'Resources',
  'graphql/query': 'GraphQL query',
  'graphql/mutation': 'GraphQL mutation',
  'graphql/introspection': 'GraphQL introspection',
  'a2a/skill': 'Skill of the agent',
  'a2a/operation': 'Operation of the agent',
  'authzen/evaluation': 'Asked by',
}

/** Rows of an MCP message: the called name, and the arguments, one by one. Nothing of it is left out. */
function messageRows({ body, method, path }: FrozenParts): CallRow[] {
  const first: CallRow = {
    place: 'request',
    name: IN_WORDS[method] ?? method,
    value: { text: path },
  }
  if (body.kind !== 'json' || !isCanonicalRecord(body.value)) return [first, ...bodyRows(body)]
  const { arguments: given = {}, ...others } = body.value
  const known = isCanonicalRecord(given) ? given : { arguments: given }
  const rest = Object.entries(others).filter(([name, value]) => name !== 'name' || value !== path)
  const rows = [...Object.entries(known), ...rest]
  return [
    first,
    ...rows.map(
      ([name, value]): CallRow => ({ place: 'argument', name, value: shownValue(value) }),
    ),
  ]
}

/** They say in which form and language an answer is wanted, and nothing about the act. */
const ABOUT_THE_ANSWER = new Set(['accept', 'accept-language'])

/**
 * Rows for other headers that the agent chose and the API obeys: `prefer`, `if-match`,
 * `idempotency-key` and the like.
 */
function headerRows({ headers }: FrozenParts): CallRow[] {
  return headers
    .filter(([name]) => !ABOUT_THE_ANSWER.has(name))
    .map(([name, value]) => ({ place: 'header', name, value: { text: value } }))
}

/** A frozen call as lines: where it goes, its query, headers that change what happens, its body member by member. */
export function callRows(call: string): CallRow[] {
  const parts = readFrozen(call)
  const { method, path, query, body } = parts
  if (method.includes('/')) return [...messageRows(parts), ...headerRows(parts)]
  return [
    { place: 'request', name: method, value: { text: path } },
    ...query.map(([name, value]): CallRow => ({ place: 'query', name, value: { text: value } })),
    ...headerRows(parts),
    ...bodyRows(body),
  ]
}

/** Members of a JSON body, numbers as numbers; nothing of any other body. */
export function jsonBody(call: string): Readonly<Record<string, unknown>> {
  const { body } = JSON.parse(call) as FrozenParts // written by `frozenText`
  return body.kind === 'json' ? Object(body.value) : {}
}

/**
 * Tells whether the call has a body that cannot be shown here: not JSON, so all that is known of it
 * is its digest.
 */
export function isUninspectable(call: string): boolean {
  return readFrozen(call).body.kind === 'digest'
}
