import { isObject, type Json, type JsonObject } from '../../../platform/lib/json.ts'

export const OUTSIDE = 'it refers to something outside the document'

/** Hops from one `$ref` to the next. */
const MAX_HOPS = 16

export type ResolvedReference =
  | { readonly ok: true; readonly value: JsonObject; readonly pointer: string | undefined }
  | { readonly ok: false; readonly reason: string }

/**
 * Follows `$ref` inside the document (RFC 6901 pointers). What lies elsewhere is not fetched: an import must not make
 * requests, and what it means must not change afterwards. `pointer` names the last target, for code that looks for circles.
 */
export function resolve(document: JsonObject, node: Json | undefined): ResolvedReference {
  let current = node
  let pointer: string | undefined
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    if (!isObject(current)) return { ok: false, reason: 'it is not an object' }
    const target = current.get('$ref')
    if (target === undefined) return { ok: true, value: current, pointer }
    if (typeof target !== 'string' || !target.startsWith('#')) {
      return { ok: false, reason: OUTSIDE }
    }
    pointer = target
    current = pointedValue(document, target.slice(1))
    if (current === undefined) return { ok: false, reason: `\`${target}\` is not in the document` }
  }
  return { ok: false, reason: 'its references lead in a circle' }
}

function pointedValue(document: JsonObject, pointer: string): Json | undefined {
  // `#name` is an anchor, not a pointer.
  if (pointer !== '' && !pointer.startsWith('/')) return undefined
  let current: Json | undefined = document
  for (const part of pointer.split('/').slice(1)) {
    const token = unescaped(part)
    if (token === undefined) return undefined
    if (isObject(current)) current = current.get(token)
    else if (Array.isArray(current) && /^\d{1,6}$/.test(token)) current = current[Number(token)]
    else return undefined
  }
  return current
}

/** A pointer in a URI fragment is percent-encoded first (RFC 6901 section 6). */
function unescaped(part: string): string | undefined {
  try {
    return decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
  } catch {
    return undefined
  }
}
