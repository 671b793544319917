import { visible } from '../../catalog/index.ts'
import { type Html, html } from './html.ts'
import { marked } from './show.ts'

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/gsu

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

/**
 * Canonical JSON text on several lines. Tokens stay as they are: taking out the white space between them and parsing
 * gives the same value, so writing that canonically gives the same bytes again.
 * INVARIANT: nothing is left out, however long it is.
 */
export function showJson(text: string): Html {
  const parts: Html[] = []
  let depth = 0
  let opened = false
  const newline = () => html`${`\n${'  '.repeat(depth)}`}`
  for (const [token] of text.matchAll(TOKEN)) {
    const closes = token === '}' || token === ']'
    if (closes) depth--
    if (closes ? !opened : opened) parts.push(newline())
    opened = token === '{' || token === '['
    if (opened) depth++
    if (token === ':') parts.push(html`: `)
    else if (token === ',') parts.push(html`,`, newline())
    else parts.push(...(token.startsWith('"') ? stringToken(token) : [html`${token}`]))
  }
  return html`<pre class="json" tabindex="0"><code>${parts}</code></pre>`
}
