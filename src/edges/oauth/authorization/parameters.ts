import type { Form } from '../form.ts'

/** Parameters of an authorization request, each with its first value. */
export interface RequestParameters {
  readonly form: Form
  /** Names of those that came more than once. Empty for a pushed request, which is refused for it. */
  readonly repeated: ReadonlySet<string>
}

const NONE: ReadonlySet<string> = new Set()

export function pushedParameters(form: Form): RequestParameters {
  return { form, repeated: NONE }
}

/** Reads the query of a request. An empty parameter counts as absent (RFC 6749 section 3.1). */
export function queryParameters(target: string): RequestParameters {
  const form = new Map<string, string>()
  const repeated = new Set<string>()
  const at = target.indexOf('?')
  const seen = new Set<string>()
  for (const [name, value] of new URLSearchParams(at < 0 ? '' : target.slice(at + 1))) {
    if (seen.has(name)) repeated.add(name)
    seen.add(name)
    if (value !== '' && !form.has(name)) form.set(name, value)
  }
  return { form, repeated }
}
