/**
 * A route of an API: literal segments, parameters that are whole segments, and segments in which literals stand between parameters
 * (`{base}...{head}`).
 */

export type TemplateSegment =
  | { readonly literal: string }
  | { readonly parameter: string }
  | { readonly mixed: MixedSegment }

/** `before`, the first parameter, then each literal with the parameter behind it, then `after`. */
export interface MixedSegment {
  readonly before: string
  readonly parameters: readonly string[]
  /** One fewer than parameters, none of them empty. */
  readonly between: readonly string[]
  readonly after: string
}

const PARAMETER = /\{([^{}]+)\}/g

/**
 * The segments of a path template, literals decoded; as text, why the gateway cannot serve it: two servers could read such a path in
 * two ways.
 */
export function parseTemplate(path: string): readonly TemplateSegment[] | string {
  if (!path.startsWith('/')) return 'the path does not begin with `/`'
  if (path === '/') return []
  const segments: TemplateSegment[] = []
  const names = new Set<string>()
  for (const part of path.slice(1).split('/')) {
    for (const [, name = ''] of part.matchAll(PARAMETER)) {
      if (names.has(name)) return `\`{${name}}\` is in the path twice`
      names.add(name)
    }
    const segment = parseSegment(part)
    if (segment === undefined) return `\`${part}\` can be read in several ways`
    segments.push(segment)
  }
  return segments
}

function parseSegment(part: string): TemplateSegment | undefined {
  const parameters = Array.from(part.matchAll(PARAMETER), ([, name = '']) => name)
  const literals = part.split(/\{[^{}]+\}/).map(decodeLiteral)
  const [before, ...rest] = literals
  if (before === undefined || rest.includes(undefined)) return undefined
  const [only] = parameters
  if (only === undefined) return before === '' || isDots(before) ? undefined : { literal: before }
  const between = rest.slice(0, -1).map((each) => each ?? '')
  const after = rest.at(-1) ?? ''
  if (parameters.length === 1 && before === '' && after === '') return { parameter: only }
  return between.includes('') ? undefined : { mixed: { before, parameters, between, after } }
}

function decodeLiteral(part: string): string | undefined {
  if (!/^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})*$/.test(part)) return undefined
  try {
    const literal = decodeURIComponent(part)
    return /[/\\\p{Cc}]/u.test(literal) ? undefined : literal
  } catch {
    return undefined
  }
}

function isDots(literal: string): boolean {
  return literal === '.' || literal === '..'
}

/**
 * The values of the parameters of a segment, or nothing when it does not match.
 * INVARIANT: what could be cut in two ways is not cut at all: each literal stands in the rest of the segment exactly once.
 */
export function cutSegment(segment: string, mixed: MixedSegment): readonly string[] | undefined {
  const { after, before, between } = mixed
  if (segment.length < before.length + after.length) return undefined
  if (!segment.startsWith(before) || !segment.endsWith(after)) return undefined
  let rest = segment.slice(before.length, segment.length - after.length)
  const values: string[] = []
  for (const literal of between) {
    const at = rest.indexOf(literal)
    if (at < 1 || rest.lastIndexOf(literal) !== at) return undefined
    values.push(rest.slice(0, at))
    rest = rest.slice(at + literal.length)
  }
  if (rest === '') return undefined
  values.push(rest)
  return values
}

/**
 * Writes a template so that all templates that match the same paths come out alike: names of
 * parameters do not matter.
 */
export function templateShape(segments: readonly TemplateSegment[]): string {
  return segments.map((each) => `/${segmentShape(each)}`).join('')
}

export function segmentShape(segment: TemplateSegment): string {
  if ('parameter' in segment) return '{}'
  if ('literal' in segment) return encodeURIComponent(segment.literal)
  const { after, before, between } = segment.mixed
  return [before, ...between, after].map(encodeURIComponent).join('{}')
}
