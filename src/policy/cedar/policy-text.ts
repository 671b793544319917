/** Piece of the text that an administrator wrote: one policy and its place. */
export interface PolicyPiece {
  /** Text without surrounding space and leading comments. */
  readonly text: string
  /** Offset of `text` in the whole, in UTF-16 code units. */
  readonly start: number
}

export interface Position {
  /** Line, from 1. */
  readonly line: number
  /** Column in characters, from 1. */
  readonly column: number
}

/**
 * Cuts Cedar text into its policies. In Cedar a semicolon ends a policy, and stands nowhere else but in strings and comments (`//` to
 * the end of the line). Each piece is parsed by itself afterwards, so a wrong cut can only be refused, never be read as something else.
 */
export function splitPolicies(text: string): readonly PolicyPiece[] {
  const pieces: PolicyPiece[] = []
  let start = -1
  // A string, a comment, a semicolon, or what begins or continues a policy: as much of it as can be taken at once.
  for (const match of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|\/\/[^\n\r]*|;|[^\s;"/]+|\S/gs)) {
    const [token] = match
    if (token.startsWith('//')) continue
    if (start < 0) start = match.index
    if (token !== ';') continue
    pieces.push({ text: text.slice(start, match.index + 1), start })
    start = -1
  }
  if (start >= 0) pieces.push({ text: text.slice(start).trimEnd(), start })
  return pieces
}

/** A text without some of its pieces, given in their order. */
export function withoutPieces(text: string, pieces: readonly PolicyPiece[]): string {
  let left = ''
  let end = 0
  for (const piece of pieces) {
    left += text.slice(end, piece.start)
    end = piece.start + piece.text.length
  }
  return left + text.slice(end)
}

/** Line and column of an offset (UTF-16 code units). */
export function positionAt(text: string, offset: number): Position {
  const [position = { line: 1, column: 1 }] = positionsAt(text, [offset])
  return position
}

/**
 * Answers the lines and columns of several offsets, in rising order: the text is looked through
 * once, however many there are.
 */
export function positionsAt(text: string, offsets: readonly number[]): readonly Position[] {
  let [line, lineStart, counted, column] = [1, 0, 0, 1]
  return offsets.map((offset) => {
    const end = Math.min(offset, text.length)
    for (let next = text.indexOf('\n', lineStart); next >= 0 && next < end; line++) {
      lineStart = next + 1
      next = text.indexOf('\n', lineStart)
    }
    if (counted < lineStart) [counted, column] = [lineStart, 1]
    for (; counted < end; column++) counted += (text.codePointAt(counted) ?? 0) > 0xffff ? 2 : 1
    return { line, column }
  })
}

/** Cedar counts bytes of UTF-8; JavaScript counts UTF-16 code units. */
export function offsetOfByte(text: string, byte: number): number {
  return Buffer.from(text).subarray(0, byte).toString().length
}

/** Answers how deep brackets are nested, outside strings and comments. */
export function nesting(text: string): number {
  let depth = 0
  let deepest = 0
  for (const [token] of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"?|\/\/[^\n\r]*|[()[\]{}]/gs)) {
    if ('([{'.includes(token)) deepest = Math.max(deepest, ++depth)
    else if (')]}'.includes(token)) depth--
  }
  return deepest
}
