export const LONGEST_CLIENT_NAME = 100

/** What leaves no mark of its own. The braille blank is a symbol that looks like nothing. */
const LEAVES_NO_MARK = /[\p{Default_Ignorable_Code_Point}\p{M}\p{Zs}\u2800]/gu
/** Controls, formatting (which reorders what stands around it), private use, unassigned, line and paragraph separators. */
const NEVER = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/u
/** Accents pile up over the lines around them; scripts that need several need no more than this. */
const PILE = /\p{M}{5}/u

/** The text without spaces around it, if it is one line of characters that people can see; else `undefined`. */
export function visibleLine(text: string): string | undefined {
  const line = text.trim()
  const length = [...line].length
  if (length < 1 || length > LONGEST_CLIENT_NAME || !line.isWellFormed()) return undefined
  if (NEVER.test(line) || PILE.test(line)) return undefined
  return line.replaceAll(LEAVES_NO_MARK, '') === '' ? undefined : line
}
