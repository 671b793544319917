import {
  type Argument,
  type ArgumentSchema,
  type ArgumentType,
  argumentAt,
  type TypedArguments,
  type TypedValue,
} from '@remit/engine'
import { pointerTo } from '../../platform/lib/json-pointer.ts'
import { quoted, visible } from '../../platform/lib/text/visible.ts'
import { type DisplayedAction, displayedValue, type ValuePlace } from './display.ts'
import type { Action } from './resource.ts'

/** Text that stands in a sentence for an argument that was not given. */
const NOT_GIVEN = '(not given)'
const MAX_CHARACTERS = 400
const PLACEHOLDER = /\{([^{}]*)\}/g
/** A placeholder, or a part that is there only when everything it names was given: `[, with the note {note}]`. Names may have brackets. */
const PART = /\{([^{}]*)\}|\[((?:[^[\]{}]|\{[^{}]*\})*)\]/g
const MAX_ARGUMENTS = 8

/**
 * Lists the mistakes in a template such as `Refund {amount} on order {order_id}`; none when it can
 * be used. Placeholders name typed arguments, or members of records: `{address/city}`.
 */
export function checkSentence(template: string, schema: ArgumentSchema): readonly string[] {
  const mistakes: string[] = []
  if (template.trim() === '') mistakes.push('the sentence is empty')
  if (template.length > MAX_CHARACTERS)
    mistakes.push(`it is longer than ${MAX_CHARACTERS} characters`)
  if (visible(template) !== template) {
    mistakes.push('it has invisible characters, backslashes or several spaces in a row')
  }
  if (/[{}]/.test(template.replaceAll(PLACEHOLDER, ''))) mistakes.push('a brace has no partner')
  mistakes.push(...wrongParts(template))
  for (const [, name = ''] of template.matchAll(PLACEHOLDER)) {
    const reason = cannotShow(name, schema)
    if (reason !== undefined) mistakes.push(`\`{${name}}\` ${reason}`)
  }
  return mistakes
}

/** Brackets around nothing but words are words. */
function wrongParts(template: string): readonly string[] {
  const always = template.replaceAll(PART, (_whole, _name, part?: string) =>
    part === undefined || namesIn(part).length === 0 ? 'x' : '',
  )
  if (/[[\]]/.test(always)) return ['a bracket has no partner, or stands within brackets']
  return template.trim() !== '' && always.trim() === '' ? ['all of it may be left out'] : []
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
export function renderSentence(
  action: Pick<Action, 'sentence'> & DisplayedAction,
  args: TypedArguments,
): string {
  const given = (name: string) => argumentAt(args, `/${name}`)
  const fill = (template: string): string =>
    template.replaceAll(PART, (whole: string, name: string | undefined, part: string = '') => {
      if (name !== undefined) {
        const value = given(name)
        if (value === undefined) return NOT_GIVEN
        const special = (inner: TypedValue, place: ValuePlace) =>
          displayedValue(action, place, inner, args)
        return renderValue(value, { path: `/${name}`, indices: [] }, special)
      }
      const names = namesIn(part)
      if (names.length === 0) return whole
      return names.every((each) => given(each) !== undefined) ? fill(part) : ''
    })
  return fill(action.sentence)
}

function namesIn(template: string): readonly string[] {
  return Array.from(template.matchAll(PLACEHOLDER), ([, name = '']) => name)
}

/** Text of a value that is shown in a way of its own. */
type SpecialText = (value: TypedValue, place: ValuePlace) => string | undefined

/** A value as people read it: numbers as they were sent, strings quoted. */
function renderValue(value: TypedValue, place: ValuePlace, special: SpecialText): string {
  const { indices, path } = place
  const text = special(value, place)
  if (text !== undefined) return text
  switch (value.kind) {
    case 'string':
      return quoted(value.value)
    case 'boolean':
      return String(value.value)
    case 'set':
      return `[${value.items.map((item, i) => renderValue(item, { path: `${path}/*`, indices: [...indices, i] }, special)).join(', ')}]`
    case 'record': {
      const members = Array.from(
        value.fields,
        ([name, item]) =>
          `${visible(name)}: ${renderValue(item, { path: path + pointerTo(name), indices }, special)}`,
      )
      return `{${members.join(', ')}}`
    }
    default:
      return value.text
  }
}

/**
 * The plain arguments of a call for a sentence, at most so many: first those that every call has, then each other one where it is
 * given: `: to {to}[, text {text}]`.
 */
export function argumentsInSentence(args: readonly Argument[], most = MAX_ARGUMENTS): string {
  const plain = args.filter(
    ({ name, type }) =>
      !/[[\]{}\\]/.test(name) &&
      type.kind !== 'untyped' &&
      type.kind !== 'set' &&
      type.kind !== 'record',
  )
  const isAlways = ({ nullable, required }: Argument) => required && !nullable
  const ordered = [...plain.filter(isAlways), ...plain.filter((each) => !isAlways(each))]
  const parts = ordered.slice(0, most).map((each, i) => {
    const part = `${i === 0 ? ': ' : ', '}${each.name} {${each.name}}`
    return isAlways(each) ? part : `[${part}]`
  })
  return parts.join('')
}

/**
 * Writes the sentence that is shown until an administrator writes a better one: the document's summary,
 * method and path with the values in it, and the other arguments.
 */
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
  const others = action.arguments.arguments.filter(({ place }) => place !== 'path')
  const call = `${action.method} ${path}`
  const words = (summary ?? '')
    .replaceAll(/[{}[\]\\]/g, '')
    .replaceAll(/\s+/gu, ' ')
    .trim()
    .slice(0, 160)
  for (let most = MAX_ARGUMENTS; most >= 0; most--) {
    const whole = `${call}${argumentsInSentence(others, most)}`
    const sentence = words === '' ? whole : `${words} (${whole})`
    if (checkSentence(sentence, action.arguments).length === 0) return sentence
  }
  return call
}
