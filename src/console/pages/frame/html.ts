/** Markup that is safe to send. Only `html` and `raw` make it, so a plain string can never be taken for it. */
export class Html {
  readonly #text: string
  constructor(text: string) {
    this.#text = text
  }
  toString(): string {
    return this.#text
  }
}

/**
 * Value in a template. Nothing (`undefined`, `null`, `false`) is written as nothing; a list is
 * written item after item.
 */
export type Part = Html | string | number | undefined | null | false | readonly Part[]

const ENTITY: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}

/** Text as HTML text or as a quoted attribute value. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"'`]/g, (character) => ENTITY[character] ?? '')
}

function htmlText(part: Part): string {
  if (part === undefined || part === null || part === false) return ''
  if (part instanceof Html) return part.toString()
  if (typeof part === 'string') return escapeHtml(part)
  if (typeof part === 'number') return String(part)
  return part.map(htmlText).join('')
}

/**
 * A template that escapes everything but `Html`. Attribute values in templates are always quoted.
 * INVARIANT: there is no way from a string to markup but through `raw`, whose uses can be counted.
 */
export function html(texts: TemplateStringsArray, ...parts: readonly Part[]): Html {
  let written = texts[0] ?? ''
  parts.forEach((part, i) => {
    written += htmlText(part) + (texts[i + 1] ?? '')
  })
  return new Html(written)
}

/** Markup from our own files. Never give it anything that came from outside. */
export function raw(markup: string): Html {
  return new Html(markup)
}
