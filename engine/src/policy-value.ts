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

const AS_ASSIGNED = { configurable: true, enumerable: true, writable: true } as const

function recordOf(fields: TypedArguments, at: string): PolicyRecord {
  const record: { [name: string]: PolicyValue } = {}
  for (const [name, field] of fields) {
    const value = policyValue(field, at, name)
    if (name !== '__proto__') record[name] = value
    // Assigned, it would not be a member.
    else Object.defineProperty(record, name, { value, ...AS_ASSIGNED })
  }
  return record
}

/** `name`: of the argument, or of the member, at `at`. */
function policyValue(value: TypedValue, at: string, name: string): PolicyValue {
  switch (value.kind) {
    case 'string':
    case 'boolean':
      return value.value
    case 'integer':
      return { integer: String(scaled(value.kind, value.text, at, name)) }
    case 'decimal':
      return { decimal: decimalText(scaled(value.kind, value.text, at, name)) }
    case 'datetime': {
      const milliseconds = Number(scaled(value.kind, value.text, at, name))
      return { datetime: new Date(milliseconds).toISOString() }
    }
    case 'set':
      return { set: value.items.map((item) => policyValue(item, at, name)) }
    case 'record':
      return { record: recordOf(value.fields, `${at}/${name}`) }
  }
}

function scaled(
  kind: 'integer' | 'decimal' | 'datetime',
  text: string,
  at: string,
  name: string,
): bigint {
  const key = exact(kind, text)?.key
  if (typeof key !== 'bigint')
    throw new RangeError(`argument ${at}/${name} is not an exact ${kind}`)
  return key
}

/** Ten-thousandths as Cedar reads them: `40.0`, `-0.25`. */
function decimalText(scaled: bigint): string {
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(5, '0')
  const fraction = digits.slice(-4).replace(/0{1,3}$/, '')
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -4)}.${fraction}`
}
