import { visible } from '../../catalog/index.ts'
import { type Html, html } from './html.ts'
import { marked } from './show.ts'

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gsu
/** A list of plain values stays on one line up to this. */
const SHORT = 60

/** A character inside a JSON string that cannot be seen, as the JSON escape for it. */
function escaped(character: string): string {
  const units = Array.from({ length: character.length }, (_, i) => character.charCodeAt(i))
  return units.map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`).join('')
}

/**
 * One JSON string token. What cannot be seen is written as a JSON escape, so that the text on the page still parses to
 * the very same value. `visible` decides what that is; the backslashes that are there are JSON's own and stay.
 */
function stringToken(token: string): Html[] {
  const letters = token.replaceAll('\\', '')
  if (visible(letters) === letters) return [marked(token)]
  const parts: Html[] = []
  let plain = ''
  const flush = () => {
    if (plain !== '') parts.push(marked(plain))
    plain = ''
  }
  let before = ''
  for (const character of token) {
    const hidden =
      character !== '\\' &&
      (visible(character) !== character || (character === ' ' && before === ' '))
    if (hidden) {
      flush()
      parts.push(
        html`<mark class="hidden" title="This character cannot be seen">${escaped(character)}</mark>`,
      )
    } else {
      plain += character
    }
    before = character
  }
  flush()
  return parts
}

/** Where a list or object that opens at `start` ends, if it is short and flat. */
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
 * Canonical JSON text on several lines. Tokens stay as they are: taking out the white space between them and parsing
 * gives the same value, so writing that canonically gives the same bytes again.
 * INVARIANT: nothing is left out, however long it is.
 */
export function showJson(text: string): Html {
  const tokens = Array.from(text.matchAll(TOKEN), ([token]) => token)
  const parts: Html[] = []
  let depth = 0
  /** Up to here everything stays on the line. */
  let flatUntil = -1
  const newline = () => html`${`\n${'  '.repeat(depth)}`}`
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
    } else {
      parts.push(...(token.startsWith('"') ? stringToken(token) : [html`${token}`]))
    }
  })
  return html`<pre class="json" tabindex="0"><code>${parts}</code></pre>`
}
