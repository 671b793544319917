/**
 * What a person could overlook: controls, bidirectional overrides, zero-width and other invisible characters, private use,
 * unassigned, line separators, and every space but the ordinary one.
 */
const HIDDEN =
  /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]|(?! )\p{Zs}|(?<= ) |\\/gu

/**
 * The same text with nothing hidden in it: such characters become `\u{202e}`, a backslash becomes `\\`, and of several
 * spaces in a row all but the first are written out, so that padding cannot push words out of sight.
 * INVARIANT: reversible, so two different texts never look the same for a reason this function knows.
 * Plain text: whoever puts it into HTML escapes it there.
 */
export function visible(text: string): string {
  return text.replaceAll(HIDDEN, (character) =>
    character === '\\' ? '\\\\' : `\\u{${character.codePointAt(0)?.toString(16)}}`,
  )
}

/** `visible`, in double quotes, so that it is clear where the value begins and ends. */
export function quoted(text: string): string {
  return `"${visible(text).replaceAll('"', '\\"')}"`
}

/** Controls but line breaks and tabs, and everything else that leaves no mark. */
const UNSEEN =
  /(?![\n\t])[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

/**
 * A text of several lines as models and developers read it: what leaves no mark is written out as `visible` does, line breaks, tabs,
 * spaces and backslashes stay as they are. For what is shown beside other text of ours, use `visible`.
 */
export function legible(text: string): { readonly text: string; readonly hidden: boolean } {
  const lines = text.replaceAll('\r\n', '\n')
  const shown = lines.replaceAll(UNSEEN, (character) => visible(character))
  return { text: shown, hidden: shown !== lines }
}

/** No half of a surrogate pair at the end. */
export function cut(text: string, most: number): string {
  return text.slice(0, most).replace(/[\ud800-\udbff]$/, '')
}
