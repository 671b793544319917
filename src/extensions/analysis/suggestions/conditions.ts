import type { RecordShape } from '@remit/engine'

/** Limit on one argument, made of the values that were seen. `path`: its names, outermost first. */
export type SeenLimit =
  | { readonly path: readonly string[]; readonly op: 'in'; readonly values: readonly string[] }
  | { readonly path: readonly string[]; readonly op: 'most'; readonly value: string }

/**
 * The limit as a condition of a rule about an action whose arguments are these; `undefined` where the language has no way to say it of their
 * type. What an action may leave out is asked for first.
 */
export function conditionOf(args: RecordShape, limit: SeenLimit): string | undefined {
  let at: RecordShape = args
  let left = 'context.args'
  const there: string[] = []
  for (const [i, name] of limit.path.entries()) {
    const field = at.fields.get(name)
    if (!field) return undefined
    if (field.optional) there.push(`${left} has ${isWord(name) ? name : cedarString(name)}`)
    left += isWord(name) ? `.${name}` : `[${cedarString(name)}]`
    if (i === limit.path.length - 1) {
      const compared = comparison(left, field.shape.kind, limit)
      return compared && [...there, compared].join(' && ')
    }
    if (field.shape.kind !== 'record') return undefined
    at = field.shape
  }
  return undefined
}

function comparison(left: string, kind: string, limit: SeenLimit): string | undefined {
  if (limit.op === 'most') {
    if (kind === 'long' && /^-?\d+$/.test(limit.value)) return `${left} <= ${limit.value}`
    const value = kind === 'decimal' ? decimalText(limit.value) : undefined
    return value && `${left}.lessThanOrEqual(decimal("${value}"))`
  }
  const literals = limit.values.map((value) => literal(kind, value))
  if (!literals.every((each) => each !== undefined)) return undefined
  const [only, ...more] = literals
  return more.length === 0 ? `${left} == ${only}` : `[${literals.join(', ')}].contains(${left})`
}

function literal(kind: string, value: string): string | undefined {
  if (kind === 'string') return cedarString(value)
  if (kind === 'boolean') return /^(?:true|false)$/.test(value) ? value : undefined
  if (kind === 'long') return /^-?\d{1,15}$/.test(value) ? value : undefined
  const decimal = kind === 'decimal' ? decimalText(value) : undefined
  return decimal && `decimal("${decimal}")`
}

/** Writes a decimal as Cedar reads it: one to four digits after the point. */
function decimalText(value: string): string | undefined {
  if (/^-?\d{1,15}$/.test(value)) return `${value}.0`
  return /^-?\d{1,15}\.\d{1,4}$/.test(value) ? value : undefined
}

function isWord(name: string): boolean {
  return /^[A-Za-z_]\w*$/.test(name) && !RESERVED.has(name)
}

const RESERVED = new Set([
  'true',
  'false',
  'if',
  'then',
  'else',
  'in',
  'is',
  'like',
  'has',
  '__cedar',
])

/** A string of Cedar. */
export function cedarString(text: string): string {
  const escaped = text.replace(/["\\]/g, '\\$&')
  const visible = escaped.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (each) => `\\u{${each.codePointAt(0)?.toString(16)}}`,
  )
  return `"${visible}"`
}
