import { sha256hex } from '../../../platform/lib/bytes.ts'
import { hasLookalikes, lookalikesIn } from '../../../platform/lib/text/lookalikes.ts'
import {
  cut,
  legible,
  MAX_SHOWN,
  visible,
  visibleLines,
} from '../../../platform/lib/text/visible.ts'
import { type Html, html } from './html.ts'

/** Maximum number of marks in one text; after that, the rest is marked as a whole. */
export const MAX_MARKS = 200

/** A sentence has the values of a call in it, however long they are. All of them stand below it. */
export const MAX_HEADING = 300

/**
 * Matches escapes that `visible` and `visibleLines` write, neighbours together. A doubled backslash
 * is a backslash.
 */
const WRITTEN_OUT = /\\\\|(?:\\u\{[0-9a-f]+\})+/g

/** Marks what would deceive in texts that belong together. INVARIANT: however much there is, it makes at most `MAX_MARKS` marks and one for the rest of each text. */
export class Marker {
  #left = MAX_MARKS
  readonly #written: RegExp

  /** `written`: how hidden characters are written out in these texts, and what else begins with a backslash. */
  constructor(written: RegExp = WRITTEN_OUT) {
    this.#written = written
  }

  /** A text in which everything hidden is written out already. */
  mark(text: string): Html {
    const parts: Html[] = []
    let from = 0
    for (const { at, to, tone, title } of this.#found(text)) {
      if (at > from) parts.push(html`${text.slice(from, at)}`)
      if (this.#left <= 0)
        return html`${parts}<mark class="twin" title="More like what is marked before">${text.slice(at)}</mark>`
      this.#left--
      parts.push(markOf(text.slice(at, to), tone, title))
      from = to
    }
    return html`${parts}${text.slice(from)}`
  }

  *#found(text: string) {
    let from = 0
    for (const { 0: written, index } of text.matchAll(this.#written)) {
      if (!written.startsWith('\\u')) continue
      yield* lookalikes(text, from, index)
      from = index + written.length
      yield { at: index, to: from, tone: 'hidden', title: 'This cannot be seen' }
    }
    yield* lookalikes(text, from, text.length)
  }
}

/** A run of one hidden character that is longer takes no more place; all of it is there. */
const MAX_IN_A_ROW = 8
const ESCAPE = /^\\u(?:\{[0-9a-f]+\}|[0-9a-f]{4})/

function markOf(text: string, tone: string, title: string): Html {
  const [one = ''] = tone === 'hidden' ? (ESCAPE.exec(text) ?? []) : []
  const count = one === '' ? 1 : text.length / one.length
  if (count <= MAX_IN_A_ROW || text !== one.repeat(count))
    return html`<mark class="${tone}" title="${title}">${text}</mark>`
  return html`<mark class="hidden run" data-count="${count}" title="${title}, ${count} times">${text}</mark>`
}

function* lookalikes(text: string, start: number, end: number) {
  for (const { from, to, says } of lookalikesIn(text.slice(start, end)))
    yield { at: start + from, to: start + to, tone: 'twin', title: says }
}

/** A value in a sentence. */
const QUOTED = /("(?:[^"\\]|\\.)*")/s

/**
 * Marks in a text in which `visible` has already written out hidden characters; cut to `most`, for texts that are told elsewhere, too. Each
 * quoted value has a direction of its own, so that none moves the words and numbers around it. `words`: parts of the text outside
 * quotes, and what they are in the reader's language.
 */
export function marked(
  visibleText: string,
  most = MAX_SHOWN,
  words: ReadonlyMap<string, string> = NO_WORDS,
): Html {
  const marker = new Marker()
  const shown = cut(visibleText, most)
  const parts = shown
    .split(QUOTED)
    .map((part, i) =>
      i % 2 === 1 ? html`<bdi>${marker.mark(part)}</bdi>` : withWords(part, words, marker),
    )
  return html`<bdi>${parts}${shown !== visibleText && '…'}</bdi>`
}

const NO_WORDS: ReadonlyMap<string, string> = new Map()

function withWords(text: string, words: ReadonlyMap<string, string>, marker: Marker): Html {
  if (words.size === 0 || text === '') return marker.mark(text)
  // A word is a number and a unit: nothing of it means anything within brackets.
  const any = [...words.keys()].map((word) => word.replaceAll(/[^\p{L}\p{N}]/gu, '[$&]')).join('|')
  const parts = text.split(new RegExp(`(?<![\\p{L}\\p{N}.,-])(${any})(?![\\p{L}\\p{N}])`, 'u'))
  return html`${parts.map((part, i) => (i % 2 === 1 ? html`${words.get(part) ?? part}` : marker.mark(part)))}`
}

/**
 * Text from outside, with nothing in it hidden, and lookalikes marked. It cannot reorder what stands around it. A text longer
 * than `most` ends in how much more there is.
 */
export function show(text: string, most = MAX_SHOWN): Html {
  const shown = cut(text, most)
  const marks = html`<bdi>${new Marker().mark(visible(shown))}</bdi>`
  return shown === text ? marks : html`${marks}${rest(text, shown.length)}`
}

/** Says how much of a text is not shown. */
function rest(text: string, shown: number): Html {
  return html` <span class="soft">… and ${text.length - shown} more characters. SHA-256 of the whole: <code>${sha256hex(text)}</code></span>`
}

/**
 * Shows a text of several lines: a line is a line and a paragraph a paragraph. More empty lines
 * than that are written out, so that nothing is pushed out of sight.
 */
export function showLines(text: string): Html {
  const parts = text.split(/((?<!\n)\n{1,2}(?!\n))/)
  return html`${parts.map((part, i) => (i % 2 === 0 ? show(part) : [...part].map(() => html`<br>`)))}`
}

/** Text of several lines for inside a `pre`: indentation and line breaks are what they are, as in a policy or a document. */
export function showLayout(text: string, most = MAX_SHOWN): Html {
  const shown = cut(text.replaceAll('\r\n', '\n'), most)
  const marks = new Marker().mark(visibleLines(shown))
  return html`<bdi>${marks}</bdi>${text.length > most && rest(text, shown.length)}`
}

/**
 * Tells whether a text, of one line or several, holds something that a person would not see, or
 * would take for something else. Layout is neither.
 */
export function isDeceptive(text: string): boolean {
  return legible(text).hidden || hasLookalikes(text)
}

/** A detail of ours, which is lower case without a full stop, as a sentence. */
export function asSentence(detail: string): string {
  const text = detail.charAt(0).toUpperCase() + detail.slice(1)
  return /[.!?]$/.test(text) ? text : `${text}.`
}
