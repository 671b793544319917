import { visible } from '../../catalog/index.ts'
import { type Html, html } from './html.ts'

/**
 * Letters and signs that pass for ASCII ones in most fonts. With the compatibility forms (fullwidth, mathematical …),
 * which normalisation finds, these are what a lookalike is usually made of.
 */
const TWINS = new Map(
  Object.entries({
    a: 'аɑα',
    b: 'Ьƅ',
    c: 'сϲ',
    d: 'ԁ',
    e: 'еҽ',
    f: 'ƒ',
    g: 'ɡ',
    h: 'һ',
    i: 'іıɩι',
    j: 'јϳ',
    k: 'κ',
    l: 'ӏІӀǀ',
    n: 'ո',
    o: 'оοօ',
    p: 'рρ',
    q: 'ԛ',
    r: 'г',
    s: 'ѕ',
    u: 'υս',
    v: 'ѵν',
    w: 'ԝѡω',
    x: 'хχ',
    y: 'уγ',
    A: 'АΑ',
    B: 'ВΒ',
    C: 'СϹ',
    E: 'ЕΕ',
    H: 'НΗ',
    I: 'Ι',
    J: 'Ј',
    K: 'КΚ',
    M: 'МΜ',
    N: 'Ν',
    O: 'ОΟՕ',
    P: 'РΡ',
    S: 'ЅՏ',
    T: 'ТΤ',
    X: 'ХΧ',
    Y: 'ҮΥ',
    Z: 'Ζ',
    '/': '⁄∕╱',
    '.': '․',
    ',': '‚',
    ':': '։∶ː',
    '-': '‐‑‒−',
    "'": 'ʹʼˈ',
    '0': '০०',
  }).flatMap(([ascii, twins]) => [...twins].map((twin) => [twin, ascii] as const)),
)

const WORD = /[\p{L}\p{M}\p{N}]+/gu
const WESTERN = /[A-Za-z0-9]/

/** The ASCII character that `character` passes for, if it is not that character itself. */
function twinOf(character: string): string | undefined {
  const known = TWINS.get(character)
  if (known !== undefined) return known
  if (/^[\x20-\x7e]$/.test(character)) return undefined
  const plain = character.normalize('NFKC')
  // Superscripts and an ellipsis are ordinary typography.
  return /^[\x21-\x7e]+$/.test(plain) && !/[¹²³ªº…™]/.test(character) ? plain : undefined
}

/**
 * Where lookalikes are in a text: code point index → what it passes for. Letters of another script count when they
 * stand among Latin ones or when the whole word is made of lookalikes; a Cyrillic or Greek word as such does not.
 */
function twinsIn(characters: readonly string[]): Map<number, string> {
  const found = new Map<number, string>()
  const text = characters.join('')
  const starts = new Map<number, number>()
  let offset = 0
  characters.forEach((character, i) => {
    starts.set(offset, i)
    offset += character.length
  })
  for (const match of text.matchAll(WORD)) {
    const first = starts.get(match.index) ?? 0
    const word = [...match[0]]
    const twins = word.map(twinOf)
    if (twins.some(Boolean) && (WESTERN.test(match[0]) || twins.every(Boolean))) {
      twins.forEach((twin, i) => {
        if (twin !== undefined) found.set(first + i, twin)
      })
    }
  }
  characters.forEach((character, i) => {
    const twin = /[\p{L}\p{M}]/u.test(character) ? undefined : twinOf(character)
    if (twin !== undefined) found.set(i, twin)
  })
  return found
}

function codePoint(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`
}

function escapeMark(text: string): Html {
  return html`<mark class="hidden" title="This character cannot be seen">${text}</mark>`
}

function withTwins(text: string): Html[] {
  const characters = [...text]
  const twins = twinsIn(characters)
  const parts: Html[] = []
  let plain = ''
  characters.forEach((character, i) => {
    const twin = twins.get(i)
    if (twin === undefined) {
      plain += character
      return
    }
    const title = `${codePoint(character)}, looks like ${twin}`
    parts.push(html`${plain}<mark class="twin" title="${title}">${character}</mark>`)
    plain = ''
  })
  return [...parts, html`${plain}`]
}

/** Marks in a text in which `visible` has already written out what cannot be seen. */
export function marked(visibleText: string): Html {
  const parts: Html[] = []
  let from = 0
  for (const match of visibleText.matchAll(/\\\\|\\u\{[0-9a-f]+\}/g)) {
    if (match[0] === '\\\\') continue
    parts.push(...withTwins(visibleText.slice(from, match.index)), escapeMark(match[0]))
    from = match.index + match[0].length
  }
  return html`<bdi>${[...parts, ...withTwins(visibleText.slice(from))]}</bdi>`
}

/** Text from outside, with nothing in it hidden, and lookalikes marked. It cannot reorder what stands around it. */
export function show(text: string): Html {
  return marked(visible(text))
}

/**
 * The same of several lines: a line is a line and a paragraph a paragraph. More empty lines than that are written out, so that
 * nothing is pushed out of sight.
 */
export function showLines(text: string): Html {
  const parts = text.split(/((?<!\n)\n{1,2}(?!\n))/)
  return html`${parts.map((part, i) => (i % 2 === 0 ? show(part) : [...part].map(() => html`<br>`)))}`
}

/** Whether a text holds something that a person would not see, or would take for something else. */
export function isDeceptive(text: string): boolean {
  return visible(text).replaceAll('\\\\', '').includes('\\u{') || twinsIn([...text]).size > 0
}

/** A detail of ours, which is lower case without a full stop, as a sentence. */
export function asSentence(detail: string): string {
  const text = detail.charAt(0).toUpperCase() + detail.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}
