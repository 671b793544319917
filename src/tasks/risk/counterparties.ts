import { createHmac } from 'node:crypto'
import { argumentAt, type TypedArguments, type TypedValue } from '@remit/engine'

/** More than this many at once are not looked up one by one: such a call counts as one with an unknown counterparty. */
const MAX = 16
const DIGEST_CHARACTERS = 22

/**
 * Answers whom a call is about, as keyed digests, each once: the books do not reveal whom an agent
 * deals with, not even to someone who tries out names.
 * `undefined`: the call has no such argument. `'many'`: more than are looked up.
 */
export function counterpartiesOf(
  args: TypedArguments,
  path: string,
  key: Uint8Array,
): readonly string[] | 'many' | undefined {
  const value = argumentAt(args, path)
  const items = value?.kind === 'set' ? value.items : value ? [value] : []
  const texts = new Set(items.map(counterpartyText).filter((text) => text !== undefined))
  if (texts.size === 0) return undefined
  return texts.size > MAX ? 'many' : Array.from(texts, (text) => digest(text, key))
}

function counterpartyText(value: TypedValue): string | undefined {
  if (value.kind === 'string') return value.value
  return value.kind === 'integer' ? value.text : undefined
}

/** 128 bits: two counterparties of one agent never look the same. */
function digest(text: string, key: Uint8Array): string {
  return createHmac('sha256', key).update(text).digest('base64url').slice(0, DIGEST_CHARACTERS)
}
