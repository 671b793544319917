import type { TypedArguments, TypedValue } from './arguments.ts'
import { exact } from './exact.ts'
import type { PolicyRecord, PolicyValue } from './policy.ts'

/**
 * Typed arguments as policy sees them, under their catalog names.
 * @throws RangeError naming the argument when a number or date is not exactly one that Cedar can hold. The catalog
 * refuses such a call before; here it must not become another value.
 */
export function policyArguments(args: TypedArguments): PolicyRecord {
  return recordOf(args, '')
}

function recordOf(fields: TypedArguments, at: string): PolicyRecord {
  return Object.fromEntries(
    Array.from(fields, ([name, value]) => [name, policyValue(value, `${at}/${name}`)]),
  )
}

function policyValue(value: TypedValue, at: string): PolicyValue {
  switch (value.kind) {
    case 'string':
    case 'boolean':
      return value.value
    case 'integer':
      return { integer: String(scaled(value.kind, value.text, at)) }
    case 'decimal':
      return { decimal: decimalText(scaled(value.kind, value.text, at)) }
    case 'datetime': {
      const milliseconds = Number(scaled(value.kind, value.text, at))
      return { datetime: new Date(milliseconds).toISOString() }
    }
    case 'set':
      return { set: value.items.map((item) => policyValue(item, at)) }
    case 'record':
      return { record: recordOf(value.fields, at) }
  }
}

function scaled(kind: 'integer' | 'decimal' | 'datetime', text: string, at: string): bigint {
  const key = exact(kind, text)?.key
  if (typeof key !== 'bigint') throw new RangeError(`argument ${at} is not an exact ${kind}`)
  return key
}

/** Ten-thousandths as Cedar reads them: `40.0`, `-0.25`. */
function decimalText(scaled: bigint): string {
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(5, '0')
  const fraction = digits.slice(-4).replace(/0{1,3}$/, '')
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -4)}.${fraction}`
}
