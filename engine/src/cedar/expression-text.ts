/** Expressions in Cedar's JSON form as Cedar text, for people. Brackets stand where they could matter. */
import { isArray, isObject, type JsonObject } from './json.ts'

/** Never throws: what is not known is shown as `…`. */
export function expressionText(expression: unknown): string {
  return text(expression, 0)
}

const DEEPEST = 64
const INFIX = new Set(['==', '!=', '<', '<=', '>', '>=', '+', '-', '*', 'in', '&&', '||'])
const METHODS = new Set(['contains', 'containsAll', 'containsAny', 'getTag', 'hasTag'])
const CONSTRUCTORS = new Set(['decimal', 'datetime', 'duration', 'ip'])

function text(expression: unknown, depth: number): string {
  if (!isObject(expression) || depth > DEEPEST) return '…'
  const [operator = ''] = Object.keys(expression)
  const inner = expression[operator]
  const part = (each: unknown) => bracketed(each, depth + 1)
  if (operator === 'Value') return valueText(inner)
  if (operator === 'Var') return String(inner)
  if (operator === 'Slot') return String(inner)
  if (isArray(inner)) return called(operator, inner, part, depth)
  if (!isObject(inner)) return '…'
  if (INFIX.has(operator)) return `${part(inner.left)} ${operator} ${part(inner.right)}`
  if (METHODS.has(operator))
    return `${part(inner.left)}.${operator}(${text(inner.right, depth + 1)})`
  return special(operator, inner, part, depth)
}

function special(
  operator: string,
  inner: JsonObject,
  part: (each: unknown) => string,
  depth: number,
): string {
  switch (operator) {
    case '!':
      return `!${part(inner.arg)}`
    case 'neg':
      return `-${part(inner.arg)}`
    case 'isEmpty':
      return `${part(inner.arg)}.isEmpty()`
    case '.':
      return `${part(inner.left)}${memberText(inner.attr)}`
    case 'has':
      return `${part(inner.left)} has ${namesText(inner.attr)}`
    case 'like':
      return `${part(inner.left)} like ${patternText(inner.pattern)}`
    case 'is':
      return `${part(inner.left)} is ${String(inner.entity_type)}${inner.in === undefined ? '' : ` in ${part(inner.in)}`}`
    case 'if-then-else':
      return `if ${part(inner.if)} then ${part(inner.then)} else ${part(inner.else)}`
    case 'Record': {
      const members = Object.keys(inner).map(
        (name) => `${nameText(name)}: ${text(inner[name], depth + 1)}`,
      )
      return `{ ${members.join(', ')} }`
    }
    default:
      return '…'
  }
}

function called(
  operator: string,
  args: readonly unknown[],
  part: (each: unknown) => string,
  depth: number,
): string {
  const texts = (list: readonly unknown[]) => list.map((each) => text(each, depth + 1)).join(', ')
  if (operator === 'Set') return `[${texts(args)}]`
  if (CONSTRUCTORS.has(operator)) return `${operator}(${texts(args)})`
  const [first, ...others] = args
  return `${part(first)}.${operator}(${texts(others)})`
}

/** Not where it is one word, or a call. */
function bracketed(expression: unknown, depth: number): string {
  const whole = text(expression, depth)
  const [operator = ''] = isObject(expression) ? Object.keys(expression) : []
  const apart =
    INFIX.has(operator) || ['has', 'like', 'is', 'if-then-else', '!', 'neg'].includes(operator)
  return apart ? `(${whole})` : whole
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value)
  if (isArray(value)) return `[${value.map(valueText).join(', ')}]`
  if (isObject(value)) {
    const { __entity: entity, __extn: extension } = value
    if (isObject(entity)) return `${String(entity.type)}::${JSON.stringify(entity.id)}`
    if (isObject(extension)) return `${String(extension.fn)}(${JSON.stringify(extension.arg)})`
    return `{ ${Object.keys(value)
      .map((name) => `${nameText(name)}: ${valueText(value[name])}`)
      .join(', ')} }`
  }
  return String(value)
}

function memberText(name: unknown): string {
  const shown = nameText(name)
  return shown.startsWith('"') ? `[${shown}]` : `.${shown}`
}

function nameText(name: unknown): string {
  return typeof name === 'string' && /^[A-Za-z_][A-Za-z0-9_]*$/.test(name)
    ? name
    : JSON.stringify(String(name))
}

function namesText(names: unknown): string {
  return isArray(names) ? names.map(nameText).join('.') : nameText(names)
}

function patternText(pattern: unknown): string {
  const elements = isArray(pattern) ? pattern : []
  const whole = elements.map((each) =>
    isObject(each) ? String(each.Literal).replaceAll('*', '\\*') : '*',
  )
  return `"${whole.join('')}"`
}
