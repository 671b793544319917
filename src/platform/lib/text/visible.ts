import { writeOutHidden, writtenOut } from './hidden.ts'

/**
 * Maximum characters of one text, or of one call, that a page shows. Of a longer one it shows the
 * length and the digest.
 */
export const MAX_SHOWN = 65_536
/** Maximum spaces in a row, which are layout; more push words out of sight. */
export const MAX_SPACES_IN_A_ROW = 40

const SECOND_SPACE_OR_BACKSLASH = /(?<= ) |\\/g
const TOO_MANY_SPACES = new RegExp(`(?<= {${MAX_SPACES_IN_A_ROW}}) `, 'g')

/**
 * Makes one line with nothing hidden in it: hidden characters become `\u{202e}`, a backslash
 * becomes `\\`, and of several spaces in a row all but the first are written out, so that padding
 * cannot push words out of sight.
 * INVARIANT: reversible, so two different texts never look the same for a reason this function
 * knows.
 * Plain text: a page that puts it into HTML escapes it there.
 */
export function visible(text: string): string {
  const escaped = text.replaceAll(SECOND_SPACE_OR_BACKSLASH, (found) =>
    found === '\\' ? '\\\\' : writtenOut(found),
  )
  return writeOutHidden(escaped)
}

/** Applies `visible`, in double quotes, so that it is clear where the value begins and ends. */
export function quoted(text: string): string {
  return `"${visible(text).replaceAll('"', '\\"')}"`
}

/**
 * Shows a text of several lines as people and models read it: line breaks, tabs, indentation and
 * backslashes stay as they are, characters without a mark are written out. For places where space
 * is kept (`pre`, a terminal); beside words of ours, use `visible`.
 */
export function visibleLines(
  text: string,
  write: (characters: string) => string = writtenOut,
): string {
  return writeOutHidden(text, isLayout, write).replaceAll(TOO_MANY_SPACES, write)
}

function isLayout(character: string): boolean {
  return character === '\n' || character === '\t'
}

/**
 * Applies `visibleLines` to text whose lines may end as on Windows, and says whether anything was
 * hidden.
 */
export function legible(text: string): { readonly text: string; readonly hidden: boolean } {
  const lines = text.replaceAll('\r\n', '\n')
  const shown = visibleLines(lines)
  return { text: shown, hidden: shown !== lines }
}

/** Cuts a text to `most` characters, without half of a surrogate pair at the end. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text
  return text.slice(0, most).replace(/[\ud800-\udbff]$/, '')
}
