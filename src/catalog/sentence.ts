import type { TypedArguments, TypedValue } from '@remit/engine'
import { argumentAt } from '@remit/engine'
import { quoted, visible } from '../lib/text/visible.ts'
import type { ArgumentSchema, ArgumentType } from './argument.ts'
import type { Action } from './resource.ts'

/** What stands in a sentence for an argument that was not given. */
const NOT_GIVEN = '(not given)'
const MOST_CHARACTERS = 400
const PLACEHOLDER = /\{([^{}]*)\}/g

/**
 * What is wrong with a template such as `Refund {amount} on order {order_id}`; nothing when it can be used. Placeholders name typed
 * arguments, or members of records: `{address/city}`.
 */
export function checkSentence(template: string, schema: ArgumentSchema): readonly string[] {
  const mistakes: string[] = []
  if (template.trim() === '') mistakes.push('the sentence is empty')
  if (template.length > MOST_CHARACTERS)
    mistakes.push(`it is longer than ${MOST_CHARACTERS} characters`)
  if (visible(template) !== template) {
    mistakes.push('it has invisible characters, backslashes or several spaces in a row')
  }
  if (/[{}]/.test(template.replaceAll(PLACEHOLDER, ''))) mistakes.push('a brace has no partner')
  for (const [, name = ''] of template.matchAll(PLACEHOLDER)) {
    const reason = cannotShow(name, schema)
    if (reason !== undefined) mistakes.push(`\`{${name}}\` ${reason}`)
  }
  return mistakes
}

function cannotShow(name: string, schema: ArgumentSchema): string | undefined {
  const [first = '', ...rest] = name.split('/')
  let type: ArgumentType | undefined = schema.arguments.find((each) => each.name === first)?.type
  for (const member of rest) {
    type =
      type?.kind === 'record' ? type.fields.find((field) => field.name === member)?.type : undefined
  }
  if (type === undefined) return 'is not an argument of this action'
  return type.kind === 'untyped' ? `has no type: ${type.reason}` : undefined
}

/**
 * The sentence that a person reads, from the frozen arguments and never from an agent's words. Plain text, not shortened: pages
 * escape it for HTML. Strings are quoted and nothing in them is invisible, so a value cannot pretend to be part of the sentence.
 */
export function renderSentence(action: Pick<Action, 'sentence'>, args: TypedArguments): string {
  return action.sentence.replaceAll(PLACEHOLDER, (_, name: string) => {
    const value = argumentAt(args, `/${name}`)
    return value === undefined ? NOT_GIVEN : renderValue(value)
  })
}

/** A value as people read it: numbers as they were sent, strings quoted. */
export function renderValue(value: TypedValue): string {
  switch (value.kind) {
    case 'string':
      return quoted(value.value)
    case 'boolean':
      return String(value.value)
    case 'set':
      return `[${value.items.map(renderValue).join(', ')}]`
    case 'record': {
      const members = Array.from(
        value.fields,
        ([name, item]) => `${visible(name)}: ${renderValue(item)}`,
      )
      return `{${members.join(', ')}}`
    }
    default:
      return value.text
  }
}

/** What is shown until somebody writes a better sentence: the document's summary, method and path with the values in it. */
export function defaultSentence(
  action: Pick<Action, 'method' | 'path' | 'arguments'>,
  summary: string | undefined,
): string {
  const path = action.path.replaceAll(PLACEHOLDER, (_, wire: string) => {
    const found = action.arguments.arguments.find(
      (each) => each.place === 'path' && each.wire === wire,
    )
    return found !== undefined && found.type.kind !== 'untyped' ? `{${found.name}}` : '…'
  })
  const call = `${action.method} ${path}`
  const words = (summary ?? '')
    .replaceAll(/[{}\\]/g, '')
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .slice(0, 160)
  const sentence = words === '' ? call : `${words} (${call})`
  return checkSentence(sentence, action.arguments).length === 0 ? sentence : call
}
