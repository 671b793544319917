import { styleText } from 'node:util'
import { visible } from './visible.ts'

export type Paint = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan'

interface Span {
  readonly text: string
  readonly paints: readonly Paint[]
}

/**
 * Text for a terminal. INVARIANT: whatever was put in as a value has nothing hidden in it; colours are ours, and are added
 * only when it is printed.
 */
export class Text {
  readonly #spans: readonly Span[]

  constructor(spans: readonly Span[]) {
    this.#spans = spans
  }

  get plain(): string {
    return this.#spans.map((span) => span.text).join('')
  }

  /** Width in columns of a terminal. */
  get width(): number {
    return widthOf(this.plain)
  }

  render(coloured: boolean): string {
    if (!coloured) return this.plain
    return this.#merged()
      .map(({ paints, text }) =>
        paints.length ? styleText([...paints], text, { validateStream: false }) : text,
      )
      .join('')
  }

  /** Neighbours that look the same as one, so that a colour is not switched off and on between words. */
  #merged(): readonly Span[] {
    const merged: Span[] = []
    for (const { paints, text } of this.#spans) {
      const last = merged.at(-1)
      if (last && last.paints.join() === paints.join()) {
        merged[merged.length - 1] = { paints, text: last.text + text }
      } else merged.push({ paints, text })
    }
    return merged
  }

  painted(paint: Paint): Text {
    return new Text(this.#spans.map(({ paints, text }) => ({ text, paints: [...paints, paint] })))
  }

  plus(other: Text): Text {
    return new Text([...this.#spans, ...other.#spans])
  }

  padded(width: number): Text {
    const missing = width - this.width
    return missing > 0 ? this.plus(ours(' '.repeat(missing))) : this
  }

  /** Cut into lines at spaces; a word that is wider than a line stays whole. */
  wrapped(width: number): Text[] {
    const lines: Text[] = []
    let line = ours('')
    for (const word of this.#words()) {
      if (line.width > 0 && line.width + word.trimmedWidth > width) {
        lines.push(line.#trimmed())
        line = ours('')
      }
      line = line.plus(word.text)
    }
    lines.push(line.#trimmed())
    return lines
  }

  /** Words with the spaces after them. Paints change within a word at most at its end. */
  #words(): { text: Text; trimmedWidth: number }[] {
    const words: Span[][] = [[]]
    for (const { paints, text } of this.#spans) {
      for (const part of text.match(/[^ ]+| +/g) ?? []) {
        words.at(-1)?.push({ text: part, paints })
        if (part.startsWith(' ')) words.push([])
      }
    }
    return words
      .filter((spans) => spans.length > 0)
      .map((spans) => {
        const text = new Text(spans)
        return { text, trimmedWidth: widthOf(text.plain.trimEnd()) }
      })
  }

  #trimmed(): Text {
    const last = this.#spans.at(-1)
    return last && /^ +$/.test(last.text) ? new Text(this.#spans.slice(0, -1)) : this
  }
}

export type Value = string | number | Text | readonly Text[] | undefined

/** Words of our own; values in them are shown with nothing hidden. `undefined` is nothing. */
export function text(words: TemplateStringsArray, ...values: readonly Value[]): Text {
  return words.reduce(
    (all, part, i) => all.plus(ours(part)).plus(i < values.length ? shown(values[i]) : ours('')),
    ours(''),
  )
}

export function shown(value: Value): Text {
  if (value instanceof Text) return value
  if (typeof value === 'object') return value.reduce((all, each) => all.plus(each), ours(''))
  return ours(value === undefined ? '' : visible(String(value)))
}

function ours(words: string): Text {
  return new Text(words === '' ? [] : [{ text: words, paints: [] }])
}

function painter(paint: Paint): (value: Value) => Text {
  return (value) => shown(value).painted(paint)
}

export const bold = painter('bold')
export const dim = painter('dim')
export const red = painter('red')
export const green = painter('green')
export const yellow = painter('yellow')
export const cyan = painter('cyan')

export function joined(parts: readonly Value[], separator: string): Text {
  return parts.reduce<Text>(
    (all, part, i) => all.plus(ours(i === 0 ? '' : separator)).plus(shown(part)),
    ours(''),
  )
}

const GRAPHEMES = new Intl.Segmenter('en', { granularity: 'grapheme' })
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

function widthOf(plain: string): number {
  if (/^[\x20-\x7e]*$/.test(plain)) return plain.length
  let width = 0
  for (const { segment } of GRAPHEMES.segment(plain)) width += WIDE.test(segment) ? 2 : 1
  return width
}
