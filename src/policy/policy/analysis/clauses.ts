/** A string, a comment, a bracket, or a word. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|\/\/[^\n\r]*|[{}]|\b(?:when|unless)\b/gs

/** The conditions of one policy that ask about the call, as they are written, in one line each. */
export function clausesOf(text: string): readonly string[] {
  const clauses: string[] = []
  let depth = 0
  let word = ''
  let from = 0
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if (depth === 0 && (token === 'when' || token === 'unless')) word = token
    else if (token === '{' && depth++ === 0) from = index + 1
    else if (token === '}' && --depth === 0)
      clauses.push(`${word} ${inOneLine(text.slice(from, index))}`)
  }
  return clauses.filter((clause) => /\bcontext\b/.test(clause))
}

function inOneLine(text: string): string {
  return text
    .replace(
      /("[^"\\]*(?:\\.[^"\\]*)*")|\/\/[^\n\r]*/gs,
      (_, string: string | undefined) => string ?? '',
    )
    .replace(/\s+/g, ' ')
    .trim()
}
