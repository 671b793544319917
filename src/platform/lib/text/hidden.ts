/**
 * Detection of characters that people cannot see, or see as something else; no other module decides
 * that. Everything is asked of the Unicode properties that the engine brings along, so it is as new
 * as the engine.
 */

/** Signs whose glyph is empty. No property of Unicode names them. */
const BLANK = '\\u{2800}\\u{fffc}\\u{13441}\\u{13442}\\u{16fe4}\\u{1d159}'

/**
 * Characters without a visible form: controls, formatting, private use, unassigned, half a pair,
 * line separators, and those that are ignorable by definition.
 */
const UNSEEN = `[\\p{Cc}\\p{Cf}\\p{Co}\\p{Cn}\\p{Cs}\\p{Zl}\\p{Zp}\\p{Default_Ignorable_Code_Point}${BLANK}]`

/**
 * Maximum marks on one letter. More of them reach into the lines around it; no script needs more.
 */
const MAX_MARKS_ON_A_LETTER = 4
/**
 * Marks that lie over something else than their letter: those that enclose it, those with nothing
 * to stand on, and piles of them. Overlays (a stroke through a letter) are told apart by
 * `isOverlay`.
 */
const STRAY_MARK = `\\p{Me}|(?<=\\p{M}{${MAX_MARKS_ON_A_LETTER}})\\p{M}|(?<![\\p{L}\\p{M}\\p{N}\\p{S}])\\p{M}`

/**
 * Candidates for an emoji of several characters, with joiners and selectors in it; `RGI_Emoji`
 * decides.
 */
const EMOJI =
  '[0-9#*]\\u{fe0f}\\u{20e3}|\\p{Extended_Pictographic}(?:\\p{Emoji_Modifier}|\\u{fe0f})?(?:\\u{200d}\\p{Extended_Pictographic}(?:\\p{Emoji_Modifier}|\\u{fe0f})?){0,8}[\\u{e0020}-\\u{e007f}]{0,8}'

/**
 * Characters to check. The group holds those that are hidden wherever they stand; other marks are
 * checked one by one.
 */
const FOUND = new RegExp(`${EMOJI}|(${UNSEEN}|(?! )\\p{Zs}|${STRAY_MARK})|\\p{Mn}`, 'gv')
const PARTS = new RegExp(`${UNSEEN}|${STRAY_MARK}`, 'gv')
const IS_EMOJI = /^\p{RGI_Emoji}$/v
const IS_MARK = /^\p{Mn}$/v
const NO_MARK_OF_ITS_OWN = new RegExp(`${UNSEEN}|\\p{M}|\\p{Z}`, 'gv')

/** A mark of combining class 6. The classes below it are 1, the overlays, and 0. */
const OF_CLASS_6 = 'x\u{16ff0}'

/**
 * Checks whether a mark is drawn through its letter (combining class 1): canonical order puts it
 * before marks of any higher class.
 */
function isOverlay(mark: string): boolean {
  const both = OF_CLASS_6 + mark
  return both.normalize('NFD') !== both
}

/** Writes characters as escapes, such as `\u{202e}`. */
export function writtenOut(characters: string): string {
  return Array.from(characters, (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`).join('')
}

/**
 * Replaces the hidden characters of a text by escapes, except those that `stays` accepts. Emoji of
 * several characters stay whole where the Unicode standard lists them.
 */
export function writeOutHidden(
  text: string,
  stays: (character: string) => boolean = () => false,
  write: (characters: string) => string = writtenOut,
): string {
  return text.replaceAll(FOUND, (found, hidden: string | undefined) => {
    if (hidden !== undefined) return stays(hidden) ? hidden : write(hidden)
    if (IS_MARK.test(found)) return isOverlay(found) ? write(found) : found
    return IS_EMOJI.test(found) ? found : found.replaceAll(PARTS, write)
  })
}

/**
 * Checks for one line in which nothing is hidden and something can be seen. Spaces may be of any
 * kind.
 */
export function isReadableLine(text: string): boolean {
  const isSpace = (character: string) => /^\p{Zs}$/v.test(character)
  return writeOutHidden(text, isSpace) === text && text.replaceAll(NO_MARK_OF_ITS_OWN, '') !== ''
}
