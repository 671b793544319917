import { UsageError } from '../errors.ts'
import { ApiRefusal } from './answer.ts'

/** Path and query, decoded once. */
export interface Target {
  readonly segments: readonly string[]
  readonly query: readonly (readonly [string, string])[]
}

/**
 * Matches the segments that the gateway sends: it builds addresses from the decided values,
 * so nothing else needs to be read.
 */
const SEGMENT = /^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+$/
const QUERY = /^(?:[A-Za-z0-9._~!$'()*,:@/?[\]=&-]|%[0-9A-Fa-f]{2})*$/

/** @throws {ApiRefusal} `request.ambiguous_target` */
export function readTarget(target: string): Target {
  const at = target.indexOf('?')
  const path = at < 0 ? target : target.slice(0, at)
  const search = at < 0 ? '' : target.slice(at + 1)
  if (!path.startsWith('/') || !QUERY.test(search)) throw ambiguous()
  const parts = path === '/' ? [] : path.slice(1).split('/')
  if (!parts.every((part) => SEGMENT.test(part))) throw ambiguous()
  const query = search === '' ? [] : search.split('&').map(pairOf)
  return { segments: parts.map(decoded), query }
}

function pairOf(part: string): readonly [string, string] {
  const at = part.indexOf('=')
  if (at === 0 || part === '') throw ambiguous()
  return at < 0 ? [decoded(part), ''] : [decoded(part.slice(0, at)), decoded(part.slice(at + 1))]
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (cause) {
    throw new ApiRefusal('request.ambiguous_target', 'not percent-encoded UTF-8', { cause })
  }
}

function ambiguous(): ApiRefusal {
  return new ApiRefusal('request.ambiguous_target', 'the address can be read in two ways')
}

/** Reads the parameters of a path; `undefined`: it is another path. */
export type Template = (segments: readonly string[]) => ReadonlyMap<string, string> | undefined

const PARAMETER = /^\{([^{}]+)\}$/

/** `/orders/{order_id}/refunds`, as in the OpenAPI document. @throws {UsageError} */
export function template(path: string): Template {
  if (!path.startsWith('/')) throw new UsageError(`\`${path}\` does not begin with a slash`)
  const parts = path === '/' ? [] : path.slice(1).split('/')
  for (const part of parts) {
    if (part === '' || (/[{}:*]/.test(part) && !PARAMETER.test(part)))
      throw new UsageError(`\`${path}\`: parameters are whole segments in braces, {like_this}`)
  }
  return (segments) => {
    if (segments.length !== parts.length) return undefined
    const values = new Map<string, string>()
    for (const [i, part] of parts.entries()) {
      const [, name] = PARAMETER.exec(part) ?? []
      const segment = segments[i] ?? ''
      if (name === undefined ? segment !== part : segment === '') return undefined
      if (name !== undefined) values.set(name, segment)
    }
    return values
  }
}
