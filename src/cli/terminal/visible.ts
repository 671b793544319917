/**
 * Controls (escape sequences begin with one), bidirectional overrides, zero-width and other invisible characters, line
 * separators and every space but the ordinary one. What comes from a server or an agent could otherwise paint over the
 * terminal, or say something else than it seems to.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}/gu

/** One line with nothing hidden in it: such characters become `\u{1b}`. */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, escaped)
}

/** The same for text of several lines, as an API answers it: line ends and tabs stay. */
export function visibleLines(text: string): string {
  return text.replaceAll(HIDDEN, (character) =>
    character === '\n' || character === '\t' || character === '\r' ? character : escaped(character),
  )
}

function escaped(character: string): string {
  return `\\u{${character.codePointAt(0)?.toString(16)}}`
}
