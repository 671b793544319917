import { sha256hex } from '../../../platform/lib/bytes.ts'
import { MAX_SHOWN, visibleLines } from '../../../platform/lib/text/visible.ts'
import { type Html, html } from './html.ts'
import { Marker } from './show.ts'

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gsu
/** A list of plain values stays on one line up to this. */
const SHORT = 60
/** Deeper levels are not moved further to the right, and much deeper ones begin no line: a page stays a few times as long as a call. */
const MAX_INDENT = 8
const MAX_LEVELS = 20
/** JSON's own escapes: those by number are of what cannot be seen, or were written by `escaped`. */
const JSON_ESCAPES = /\\[^u]|(?:\\u[0-9a-f]{4})+/gi

/** A character inside a JSON string that cannot be seen, as the JSON escape for it. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/** Finds where a list or object that opens at `start` ends, if it is short and flat. */
function shortEnd(tokens: readonly string[], start: number): number | undefined {
  let length = 0
  for (let i = start + 1; i < tokens.length; i++) {
    const token = tokens[i] ?? ''
    if (token === ']' || token === '}') return i
    length += token.length + 1
    if (token === '[' || token === '{' || length > SHORT) return undefined
  }
  return undefined
}

/**
 * Canonical JSON text on several lines. Tokens stay as they are, but for escapes of what cannot be seen: taking out the white
 * space between them and parsing gives the same value, so writing that canonically gives the same bytes again.
 * INVARIANT: nothing is left out up to `MAX_SHOWN` characters, and a longer text is not begun: size and digest are told instead,
 * with `download`, where the exact bytes are.
 */
export function showJson(text: string, download?: string): Html {
  if (text.length > MAX_SHOWN) return tooLong(text, download)
  const tokens = Array.from(text.matchAll(TOKEN), ([token]) => token)
  const marker = new Marker(JSON_ESCAPES)
  const parts: (Html | false)[] = []
  let depth = 0
  /** Up to here everything stays on the line. */
  let flatUntil = -1
  const newline = () =>
    depth <= MAX_LEVELS && html`${`\n${'  '.repeat(Math.min(depth, MAX_INDENT))}`}`
  tokens.forEach((token, i) => {
    const flat = i <= flatUntil
    if (token === '{' || token === '[') {
      flatUntil = flat ? flatUntil : (shortEnd(tokens, i) ?? -1)
      parts.push(html`${token}`)
      if (i > flatUntil) {
        depth++
        parts.push(newline())
      }
    } else if ((token === '}' || token === ']') && !flat) {
      depth--
      parts.push(newline(), html`${token}`)
    } else if (token === ',') {
      parts.push(html`,`, flat ? html` ` : newline())
    } else if (token === ':') {
      parts.push(html`: `)
    } else if (token.startsWith('"')) {
      parts.push(html`<bdi>${marker.mark(visibleLines(token, escaped))}</bdi>`)
    } else {
      parts.push(html`${token}`)
    }
  })
  return html`<pre class="json" tabindex="0"><code>${parts}</code></pre>`
}

function tooLong(text: string, download: string | undefined): Html {
  const size = Buffer.byteLength(text)
  const link = download !== undefined && html` <a href="${download}" download>Download it</a>.`
  return html`<p>Too long to show here: ${size} bytes.${link} <span class="soft">SHA-256</span> <code>${sha256hex(text)}</code></p>`
}
