import { Datetime, Decimal, Duration, EntityUid, Ip, SetValue, type Value } from './value.ts'

const MAX_ITEMS = 5
const MAX_CHARACTERS = 80

/** A value for people: plain where it is plain, and never long. */
export function valueText(value: Value): string {
  if (typeof value === 'string') return quoted(value)
  if (typeof value !== 'object') return String(value)
  if (value instanceof EntityUid) return `${value.type}::${quoted(value.id)}`
  if (value instanceof Decimal) return decimalText(BigInt(value.scaled))
  if (value instanceof Datetime)
    return new Date(Number(value.at)).toISOString().replace('.000Z', 'Z')
  if (value instanceof Duration) return `${value.milliseconds} ms`
  if (value instanceof Ip) return 'an address'
  const items =
    value instanceof SetValue
      ? value.items.map(valueText)
      : Array.from(value.members, ([name, member]) => `${name}: ${valueText(member)}`)
  const more = items.length > MAX_ITEMS ? `, and ${items.length - MAX_ITEMS} more` : ''
  const shown = `${items.slice(0, MAX_ITEMS).join(', ')}${more}`
  return value instanceof SetValue ? `[${shown}]` : `{ ${shown} }`
}

function quoted(text: string): string {
  const cut = text.length > MAX_CHARACTERS ? `${text.slice(0, MAX_CHARACTERS)}…` : text
  return JSON.stringify(cut)
}

/** At least two digits after the point, as amounts are written. */
function decimalText(scaled: bigint): string {
  const digits = String(scaled < 0n ? -scaled : scaled).padStart(5, '0')
  const fraction = digits.slice(-4).replace(/0{1,2}$/, '')
  return `${scaled < 0n ? '-' : ''}${digits.slice(0, -4)}.${fraction}`
}
