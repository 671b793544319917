import { type Glyph, glyphOf } from './alphabet.ts'

/** A part of a text that is taken for something else. Offsets are those of the string. */
export interface Lookalike {
  readonly from: number
  readonly to: number
  /** Description in words, `U+0440, looks like p`. */
  readonly says: string
}

const PIECE = /[\p{L}\p{M}\p{N}]+|[^\p{L}\p{M}\p{N}\s\x21-\x7e]/gv
const IN_WORD = /^[\p{L}\p{M}\p{N}]/v
const NEXT_WORD = /^\s[\p{L}\p{M}\p{N}]+/v
const ASCII_LETTER = /[A-Za-z]/
const LATIN_1_ONLY = /^[\0-\u00ff]*$/
/**
 * Maximum length of words that are often made of lookalikes only, as the Russian for "with" and
 * "at" are.
 */
const MAX_SHORT_WORD = 3
/**
 * Maximum characters that are checked as one word. Longer runs, longer than any word is, are
 * checked in parts.
 */
const MAX_WORD = 1000
const MAX_CODES_NAMED = 8

type Kind = 'twin' | 'digit' | 'foreign'
/** Fault of one character; `undefined` when there is none. */
type Finding = { readonly kind: Kind; readonly as: string } | undefined

/**
 * Findings in a word. Letters of another alphabet count among Latin ones, or where the whole word
 * is made of lookalikes.
 */
function inWord(word: readonly string[], whole: string, isAmongItsOwn: () => boolean): Finding[] {
  const glyphs = word.map(glyphOf)
  const amongLatin = ASCII_LETTER.test(whole)
  const own = glyphs.filter(({ isNeutral }) => !isNeutral)
  const onlyTwins =
    own.length > 0 &&
    own.every(({ twin }) => twin !== undefined) &&
    !(own.length <= MAX_SHORT_WORD && isAmongItsOwn())
  return glyphs.map((glyph, i): Finding => {
    const { digit, isEastAsian, isLatinOrCommon, isLetter, twin } = glyph
    if (digit !== undefined) return { kind: 'digit', as: digit }
    if (twin !== undefined && (isLatinOrCommon || amongLatin || onlyTwins))
      return { kind: 'twin', as: twin }
    const isForeign = amongLatin && isLetter && !isLatinOrCommon && !isEastAsian
    return isForeign ? { kind: 'foreign', as: word[i] ?? '' } : undefined
  })
}

/**
 * Finding of a sign. A sign of one script belongs beside its letters, a wide one into East Asian
 * text.
 */
function ofSign(sign: string, neighbours: readonly Glyph[]): Finding {
  const { isLatinOrCommon, twin } = glyphOf(sign)
  if (isLatinOrCommon && twin === undefined) return undefined
  if (neighbours.some(({ isEastAsian }) => isEastAsian)) return undefined
  const isAtHome =
    !isLatinOrCommon && neighbours.some((one) => one.isLetter && !one.isLatinOrCommon)
  if (isAtHome) return undefined
  return twin === undefined ? { kind: 'foreign', as: sign } : { kind: 'twin', as: twin }
}

const SAYS = {
  twin: (codes: string, as: string) => `${codes}, looks like ${as}`,
  digit: (codes: string, as: string) => `${codes}, stands for ${as}`,
  foreign: (codes: string) => `${codes}, from another alphabet than what stands around it`,
} as const

/** Findings that stand side by side. */
class Run {
  readonly kind: Kind
  readonly from: number
  to: number
  #as = ''
  readonly #codes: string[] = []
  constructor(kind: Kind, from: number) {
    this.kind = kind
    this.from = from
    this.to = from
  }
  add(character: string, as: string): void {
    this.to += character.length
    if (this.#codes.length > MAX_CODES_NAMED) return
    const code = (character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')
    const isFull = this.#codes.length === MAX_CODES_NAMED
    this.#codes.push(isFull ? '…' : `U+${code}`)
    this.#as += isFull ? '…' : as
  }
  told(): Lookalike {
    return { from: this.from, to: this.to, says: SAYS[this.kind](this.#codes.join(' '), this.#as) }
  }
}

/**
 * Finds the parts of a text that pass for something else, neighbours together as one, in order. One
 * step for each character. A word in one alphabet is left alone, and so are accents, emoji and
 * ordinary typography.
 */
export function* lookalikesIn(text: string): Generator<Lookalike> {
  if (LATIN_1_ONLY.test(text)) return
  let run: Run | undefined
  for (const { at, character, finding } of findingsIn(text)) {
    if (run && (run.kind !== finding.kind || run.to !== at)) {
      yield run.told()
      run = undefined
    }
    run ??= new Run(finding.kind, at)
    run.add(character, finding.as)
  }
  if (run) yield run.told()
}

function* findingsIn(text: string) {
  let before = ''
  for (const { 0: piece, index } of text.matchAll(PIECE)) {
    if (!IN_WORD.test(piece)) {
      const around = [lastBefore(text, index), firstAfter(text, index + piece.length)]
      const finding = ofSign(piece, around.map(glyphOf))
      if (finding) yield { at: index, character: piece, finding }
      continue
    }
    const previous = before
    before = piece.slice(0, MAX_WORD)
    if (LATIN_1_ONLY.test(piece)) continue
    for (let from = 0; from < piece.length; from += MAX_WORD)
      yield* inPart(text, index + from, piece.slice(from, from + MAX_WORD), previous)
  }
}

function* inPart(text: string, start: number, word: string, previous: string) {
  const characters = [...word]
  const isAmongItsOwn = () => isOwn(previous) || isOwn(wordAfter(text, start + word.length))
  let at = start
  for (const [i, finding] of inWord(characters, word, isAmongItsOwn).entries()) {
    const character = characters[i] ?? ''
    if (finding) yield { at, character, finding }
    at += character.length
  }
}

/**
 * Checks for a word that shows that its alphabet is at home here: no reader takes it for a Latin one.
 */
function isOwn(word: string): boolean {
  if (ASCII_LETTER.test(word)) return false
  return [...word].some((one) => {
    const { isLatinOrCommon, isLetter, twin } = glyphOf(one)
    return isLetter && !isLatinOrCommon && twin === undefined
  })
}

function wordAfter(text: string, from: number): string {
  return NEXT_WORD.exec(text.slice(from, from + MAX_WORD))?.[0] ?? ''
}

function lastBefore(text: string, at: number): string {
  return [...text.slice(Math.max(0, at - 3), at).trimEnd()].at(-1) ?? ''
}

function firstAfter(text: string, at: number): string {
  return [...text.slice(at, at + 3).trimStart()][0] ?? ''
}

/** Checks whether there is any lookalike. */
export function hasLookalikes(text: string): boolean {
  return !LATIN_1_ONLY.test(text) && findingsIn(text).next().done !== true
}
