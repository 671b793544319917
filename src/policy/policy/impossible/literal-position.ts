/** Strings, comments, numbers and names: what a literal can be among. */
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|\/\/[^\n\r]*|-?\b\d+\b|[A-Za-z_]\w*/gs

/**
 * Finds where a literal stands in the text of a policy: Cedar's JSON has no positions. Where it
 * stands several times, the place that is nearest to the name that it is compared with; the
 * beginning of the policy when it is written in another way. `isName`: a name counts, too.
 */
export function literalPlace(
  text: string,
  literal: string,
  beside: string,
  isName = false,
): number {
  const body = Math.max(0, text.search(/^\s*(?:permit|forbid)\b/m))
  const tokens = Array.from(text.matchAll(TOKENS), ({ 0: token, index }) => ({ token, index }))
  const names = tokens.filter(({ token }) => literalIn(token) === beside || token === beside)
  const places = tokens.filter(
    ({ index, token }) =>
      index >= body && (literalIn(token) === literal || (isName && token === literal)),
  )
  const near = places.map(({ index }) => ({
    index,
    far: Math.min(...names.map((name) => Math.abs(name.index - index)), text.length),
  }))
  return near.toSorted((a, b) => a.far - b.far)[0]?.index ?? 0
}

/**
 * Answers the text of a literal; of a string without its quotes, and with its escapes read where
 * they can be.
 */
function literalIn(token: string): string | undefined {
  if (!token.startsWith('"')) return /^-?\d/.test(token) ? token : undefined
  const inside = token.slice(1, -1)
  if (!inside.includes('\\')) return inside
  try {
    const value: unknown = JSON.parse(token)
    return typeof value === 'string' ? value : undefined
  } catch {
    return inside
  }
}
