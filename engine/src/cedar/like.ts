/** One element of a pattern: any text, or this very text. */
export type PatternElement = typeof ANY | string
export const ANY = null

/**
 * A matcher for Cedar's `like`. Each text between wildcards is looked for where it first can be, which is as good as anywhere
 * later, so nothing is ever tried again.
 */
export function likeMatcher(pattern: readonly PatternElement[]): (text: string) => boolean {
  const pieces = piecesOf(pattern)
  const [first = '', ...rest] = pieces
  const last = rest.pop()
  if (last === undefined) return (text) => text === first
  if (rest.length === 0) {
    const least = first.length + last.length
    if (last === '') return (text) => text.startsWith(first)
    return (text) => text.length >= least && text.startsWith(first) && text.endsWith(last)
  }
  return (text) => {
    if (!text.startsWith(first) || !text.endsWith(last)) return false
    const end = text.length - last.length
    let at = first.length
    for (const piece of rest) {
      const found = text.indexOf(piece, at)
      if (found < 0) return false
      at = found + piece.length
    }
    return at <= end
  }
}

/** The texts between wildcards: as many wildcards as there are, and one more. Of several in a row, one counts. */
function piecesOf(pattern: readonly PatternElement[]): readonly string[] {
  const pieces: string[] = ['']
  let afterAny = false
  for (const element of pattern) {
    if (element !== ANY) pieces.push(`${pieces.pop() ?? ''}${element}`)
    else if (!afterAny) pieces.push('')
    afterAny = element === ANY
  }
  return pieces
}
