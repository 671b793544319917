/** A route of an API: literal segments and parameters, which are whole segments. */

export type TemplateSegment = { readonly literal: string } | { readonly parameter: string }

/**
 * The segments of a path template, literals decoded; as text, why the gateway cannot serve it: two servers could read such a path in
 * two ways.
 */
export function parseTemplate(path: string): readonly TemplateSegment[] | string {
  if (!path.startsWith('/')) return 'the path does not begin with `/`'
  if (path === '/') return []
  const segments: TemplateSegment[] = []
  for (const part of path.slice(1).split('/')) {
    const name = /^\{([^{}]+)\}$/.exec(part)?.[1]
    if (name !== undefined) {
      if (segments.some((each) => 'parameter' in each && each.parameter === name)) {
        return `\`{${name}}\` is in the path twice`
      }
      segments.push({ parameter: name })
      continue
    }
    const literal = decodeLiteral(part)
    if (literal === undefined) return `\`${part}\` is not one plain segment or one \`{parameter}\``
    segments.push({ literal })
  }
  return segments
}

function decodeLiteral(part: string): string | undefined {
  if (!/^(?:[A-Za-z0-9._~!$&'()*+,=:@-]|%[0-9A-Fa-f]{2})+$/.test(part)) return undefined
  try {
    const literal = decodeURIComponent(part)
    return literal === '.' || literal === '..' || /[/\\\p{Cc}]/u.test(literal) ? undefined : literal
  } catch {
    return undefined
  }
}

/** The same for every template that matches the same paths: names of parameters do not matter. */
export function templateShape(segments: readonly TemplateSegment[]): string {
  return segments
    .map((each) => ('parameter' in each ? '/{}' : `/${encodeURIComponent(each.literal)}`))
    .join('')
}
