import type { TypedArguments, TypedValue } from '@remit/engine'

/**
 * Typed arguments as short JSON from which they can be read back: strings, booleans and records as they are, everything else a
 * list that begins with what it is.
 */
export type TypedText =
  | string
  | boolean
  | readonly ['i' | 'd' | 't', string]
  | readonly ['s', ...TypedText[]]
  | TypedTexts
export type TypedTexts = { readonly [name: string]: TypedText }

export function typedTexts(args: TypedArguments): TypedTexts {
  return Object.fromEntries(Array.from(args, ([name, value]) => [name, typedText(value)]))
}

function typedText(value: TypedValue): TypedText {
  switch (value.kind) {
    case 'string':
    case 'boolean':
      return value.value
    case 'integer':
      return ['i', value.text]
    case 'decimal':
      return ['d', value.text]
    case 'datetime':
      return ['t', value.text]
    case 'set':
      return ['s', ...value.items.map(typedText)]
    case 'record':
      return typedTexts(value.fields)
  }
}

export function readTypedTexts(texts: TypedTexts): TypedArguments {
  const args = new Map<string, TypedValue>()
  for (const name of Object.keys(texts)) {
    const text = texts[name]
    if (text !== undefined) args.set(name, typedValue(text))
  }
  return args
}

const KIND = { i: 'integer', d: 'decimal', t: 'datetime' } as const

function typedValue(text: TypedText): TypedValue {
  if (typeof text === 'string') return { kind: 'string', value: text }
  if (typeof text === 'boolean') return { kind: 'boolean', value: text }
  if (!isListText(text)) return { kind: 'record', fields: readTypedTexts(text) }
  if (isSet(text)) return { kind: 'set', items: text.slice(1).map(typedValue) }
  return { kind: KIND[text[0]], text: text[1] }
}

type ListText = Extract<TypedText, readonly unknown[]>

/** `Array.isArray` does not narrow read-only arrays. */
function isListText(text: ListText | TypedTexts): text is ListText {
  return Array.isArray(text)
}

function isSet(text: ListText): text is Extract<ListText, readonly ['s', ...unknown[]]> {
  return text[0] === 's'
}
