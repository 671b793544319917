import type { ArgumentSchema } from '@remit/engine'
import { cut } from '../../../platform/lib/text/visible.ts'
import { argumentsInSentence, checkSentence } from '../../catalog/index.ts'

const MAX_WORDS = 120
const MAX_SHOWN = 8

/**
 * Writes the sentence that people read until an administrator writes a better one: the server's words, bare
 * of everything but words, then what is really called with which plain arguments: `Send a message
 * (send_message: to {to}[, text {text}])`.
 */
export function proposedSentence(
  name: string,
  schema: ArgumentSchema,
  words: string | undefined,
): string {
  const says = plainWords(words ?? '')
  for (let most = MAX_SHOWN; most >= 0; most--) {
    const call = `${name}${argumentsInSentence(schema.arguments, most)}`
    const sentence = says === '' ? call : `${says} (${call})`
    if (checkSentence(sentence, schema).length === 0) return sentence
  }
  return name
}

/** The first sentence of a description, for servers that give no title. */
export function firstSentence(description: string | undefined): string | undefined {
  return description?.trimStart().match(/^[^\n]*?(?=[.!?](?:\s|$)|\n|$)/u)?.[0]
}

/** Letters, digits and what stands between words: no markup, no braces, quotes or parentheses that could pass for our own. */
function plainWords(text: string): string {
  const bare = text
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{M}\p{N} .,;!?%&+'’-]/gu, ' ')
    .replaceAll(/\s+/gu, ' ')
    .trim()
  return cut(bare, MAX_WORDS).trim()
}
