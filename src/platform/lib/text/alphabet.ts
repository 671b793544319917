import { createRequire } from 'node:module'

/** Reads the table of Unicode (UTS #39, `confusables.txt`): a character, and what it looks like. */
function confusables(): Readonly<Record<string, string>> {
  return createRequire(import.meta.url)('unhomoglyph/data.json')
}

let prototypes: ReadonlyMap<string, string> | undefined
const IGNORABLE = /\p{Default_Ignorable_Code_Point}/gu
const SEPARATORS = /[\s_./-]+/g

/**
 * Writes a name so that names which a person could take for each other are equal: as the skeleton
 * of UTS #39 section 4, without case and separators. No name to show.
 */
export function skeleton(name: string): string {
  prototypes ??= new Map(Object.entries(confusables()))
  const plain = name.normalize('NFD').replaceAll(IGNORABLE, '').replaceAll(SEPARATORS, '')
  const small = Array.from(plain.toLowerCase())
  const looks = small.map((character) => prototypes?.get(character) ?? character).join('')
  // The table takes capital I for small l; without case, so is small i.
  return looks.normalize('NFD').toLowerCase().replaceAll('i', 'l')
}

/** Properties of one character for a reader of Latin letters. */
export interface Glyph {
  /** The ASCII character that it passes for, if it is not that character itself. */
  readonly twin: string | undefined
  /** The value of a digit that is none of 0 to 9. */
  readonly digit: string | undefined
  /** A letter, or a mark that stands on one: a point of Hebrew belongs to its script as a letter does. */
  readonly isLetter: boolean
  /** An accent or an ASCII digit: belongs to any alphabet. */
  readonly isNeutral: boolean
  /** Latin, or of all scripts: never at home in another alphabet only. */
  readonly isLatinOrCommon: boolean
  readonly isEastAsian: boolean
}

const PRINTABLE = /^[\x21-\x7e]$/
/**
 * Characters that pass for one ASCII character in most fonts (UTS #39). Longer look-alikes (`æ`,
 * `ł`) are letters of ordinary alphabets. The table takes capital I and small l for one; which of
 * them is meant follows the case.
 */
let twins: ReadonlyMap<string, string> | undefined

/**
 * Reads the table when the first character that needs it is looked at: a start need not wait for
 * it.
 */
function twinsByCharacter(): ReadonlyMap<string, string> {
  if (twins) return twins
  twins = new Map(
    Object.entries(confusables())
      .filter(([from, to]) => PRINTABLE.test(to) && from > '\u00ff')
      .map(([from, to]) => [from, to === 'l' && /^\p{Lu}$/u.test(from) ? 'I' : to]),
  )
  return twins
}

const FOREIGN_DIGIT = /^(?![0-9])\p{Nd}$/v
const LATIN_OR_COMMON = /^[\p{Script=Latin}\p{Script=Common}\p{Script=Inherited}]$/v
const IS_MARK = /^\p{M}$/v
/** Marks that stand on Latin letters, or on those of any script: one of Arabic is *inherited*, too, and its extensions say where it stands. */
const ON_LATIN =
  /^[\p{Script_Extensions=Latin}\p{Script_Extensions=Common}\p{Script_Extensions=Inherited}]$/v
/**
 * East Asian scripts, which stand among Latin letters as a matter of course (UTS #39 section 5.2,
 * highly restrictive).
 */
const EAST_ASIAN =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Bopomofo}]$/v
/** Ordinary typography: quotation marks, dashes of prose, an ellipsis, superscripts and `™`. */
const TYPOGRAPHY = /^[\p{Pi}\p{Pf}\u2013\u2014\u2026\u2122\u2070-\u2079]$/v

function twinOf(character: string): string | undefined {
  // Latin-1 is on keyboards.
  if (character <= '\u00ff' || TYPOGRAPHY.test(character)) return undefined
  const known = twinsByCharacter().get(character)
  if (known !== undefined) return known
  const plain = character.normalize('NFKC')
  return /^[\x21-\x7e]+$/.test(plain) ? plain : undefined
}

/** ASCII digit of another script's digit: the ten digits of a script stand in a row. */
function digitOf(character: string): string | undefined {
  if (!FOREIGN_DIGIT.test(character)) return undefined
  const code = character.codePointAt(0) ?? 0
  let value = 0
  while (value < 9 && FOREIGN_DIGIT.test(String.fromCodePoint(code - value - 1))) value++
  return String(value)
}

function lookAt(character: string): Glyph {
  return {
    twin: twinOf(character),
    digit: digitOf(character),
    isLetter: /^[\p{L}\p{M}]$/v.test(character),
    isNeutral: /^[\p{M}0-9]$/v.test(character),
    isLatinOrCommon: (IS_MARK.test(character) ? ON_LATIN : LATIN_OR_COMMON).test(character),
    isEastAsian: EAST_ASIAN.test(character),
  }
}

const MAX_REMEMBERED = 4096
const remembered = new Map<string, Glyph>()

/** Properties of a character, worked out once: a page of one alphabet has few characters. */
export function glyphOf(character: string): Glyph {
  const known = remembered.get(character)
  if (known) return known
  const glyph = lookAt(character)
  if (remembered.size >= MAX_REMEMBERED) remembered.clear()
  remembered.set(character, glyph)
  return glyph
}
