import type { PolicyValue, Risk } from '@remit/engine'

/** Members of `context.risk` in the order in which they are packed. */
const MEMBERS = [
  'score',
  'signals',
  'external',
  'firstForAgent',
  'firstForAction',
  'firstForCounterparty',
  'callsLastMinute',
  'sizeRatio',
  'hour',
  'hourUtc',
  'definitionAgeDays',
] as const
const KNOWN: ReadonlySet<string> = new Set(['class', ...MEMBERS])
const BETWEEN = '|'

/**
 * `context.risk` in a fifth of the characters: its members in a fixed order, one that is absent as nothing. `undefined` for a record of
 * another form, which is then kept as it is.
 */
export function packRisk(value: PolicyValue | undefined, riskClass: Risk): string | undefined {
  if (typeof value !== 'object' || !('record' in value)) return undefined
  const { record } = value
  if (record.class !== riskClass || !Object.keys(record).every((name) => KNOWN.has(name)))
    return undefined
  const texts = MEMBERS.map((name) => packSignal(record[name]))
  return texts.every((text) => text !== undefined) ? texts.join(BETWEEN) : undefined
}

/** Unpacks the record that `packRisk` packed. */
export function unpackRisk(packed: string, riskClass: Risk): PolicyValue {
  const record: Record<string, PolicyValue> = { class: riskClass }
  for (const [i, text] of packed.split(BETWEEN).entries()) {
    const name = MEMBERS[i]
    if (name !== undefined && text !== '') record[name] = unpacked(text)
  }
  return { record }
}

const KIND = { yes: 'y', no: 'n', integer: 'i', decimal: 'd', set: 's' } as const

/** Names of signals are lower-case letters, digits, dots and hyphens; whatever is not is not packed. */
function packSignal(value: PolicyValue | undefined): string | undefined {
  if (value === undefined) return ''
  if (typeof value === 'boolean') return value ? KIND.yes : KIND.no
  if (typeof value === 'string') return undefined
  if ('integer' in value) return plainName(KIND.integer + value.integer)
  if ('decimal' in value) return plainName(KIND.decimal + value.decimal)
  if (!('set' in value)) return undefined
  const names = value.set.filter((item) => typeof item === 'string')
  const fits =
    names.length === value.set.length &&
    names.every((name) => plainName(name) !== undefined && name !== '')
  return fits ? KIND.set + names.join(',') : undefined
}

function plainName(text: string): string | undefined {
  return /^[a-z0-9.-]*$/.test(text) ? text : undefined
}

function unpacked(text: string): PolicyValue {
  const rest = text.slice(1)
  switch (text[0]) {
    case KIND.yes:
      return true
    case KIND.no:
      return false
    case KIND.integer:
      return { integer: rest }
    case KIND.decimal:
      return { decimal: rest }
    default:
      return { set: rest === '' ? [] : rest.split(',') }
  }
}
