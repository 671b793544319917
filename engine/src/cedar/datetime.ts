import { add, divide, type Long, longOf, parseDigits, remainder, subtract } from './long.ts'
import { Datetime, Duration } from './value.ts'

export const SECOND = 1000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

const DATETIME =
  /^([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{3}))?(?:Z|([+-])([0-9]{2})([0-9]{2})))?$/

/** Cedar's `datetime("…")`: a date, or a date and a time in UTC or with an offset such as `+0200`. `undefined` for anything else. */
export function parseDatetime(text: string): Datetime | undefined {
  return parseUtc(text) ?? parseAny(text)
}

/** Reads what `Date` writes, such as `2026-01-02T03:04:05.000Z`; `undefined` for any other form. */
function parseUtc(text: string): Datetime | undefined {
  if (text.length !== 24 || text[10] !== 'T' || text[19] !== '.' || text[23] !== 'Z')
    return undefined
  if (text[4] !== '-' || text[7] !== '-' || text[13] !== ':' || text[16] !== ':') return undefined
  const days = daysOf(digitsAt(text, 0, 4), digitsAt(text, 5, 7), digitsAt(text, 8, 10))
  const [hours, minutes, seconds] = [
    digitsAt(text, 11, 13),
    digitsAt(text, 14, 16),
    digitsAt(text, 17, 19),
  ]
  const milliseconds = digitsAt(text, 20, 23)
  const isTime = hours <= 23 && minutes <= 59 && seconds <= 59 && milliseconds <= 999
  if (days === undefined || Number.isNaN(days) || !isTime) return undefined
  return new Datetime(
    days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND + milliseconds,
  )
}

/** Digits at a place; `NaN` for anything else. */
function digitsAt(text: string, from: number, to: number): number {
  return parseDigits(text, from, to) ?? Number.NaN
}

function parseAny(text: string): Datetime | undefined {
  const match = DATETIME.exec(text)
  if (!match) return undefined
  const number = (i: number) => (match[i] === undefined ? 0 : +match[i])
  const days = daysOf(number(1), number(2), number(3))
  const hours = number(4)
  const minutes = number(5)
  const seconds = number(6)
  if (days === undefined || hours > 23 || minutes > 59 || seconds > 59) return undefined
  const offsetHours = number(9)
  const offsetMinutes = number(10)
  if (offsetHours > 23 || offsetMinutes > 59) return undefined
  const local = days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND + number(7)
  const offset = offsetHours * HOUR + offsetMinutes * MINUTE
  return new Datetime(match[8] === '-' ? local + offset : local - offset)
}

const MONTHS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

/** Days since 1970-01-01 in the Gregorian calendar, also before it began; `undefined` for a date that there is not. */
function daysOf(year: number, month: number, day: number): number | undefined {
  const leap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const length = month === 2 && leap ? 29 : MONTHS[month - 1]
  if (length === undefined || day < 1 || day > length) return undefined
  // Years from March, so that the day that some have is the last one.
  const y = month > 2 ? year : year - 1
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1
  return (
    y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719468
  )
}

const DURATION = /^(-?)(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?$/
const UNITS = [DAY, HOUR, MINUTE, SECOND, 1]
/** More digits are more than 64 bits. */
const MAX_DIGITS = 20

/** Cedar's `duration("…")`, such as `-1d2h3m4s5ms`. `undefined` for anything else, or out of range. */
export function parseDuration(text: string): Duration | undefined {
  const match = text === '' || text === '-' ? null : DURATION.exec(text)
  if (!match) return undefined
  let total = 0n
  for (const [i, unit] of UNITS.entries()) {
    const digits = (match[i + 2] ?? '0').replace(/^0+(?=.)/, '')
    if (digits.length > MAX_DIGITS) return undefined
    total += BigInt(digits) * BigInt(unit)
  }
  const milliseconds = longOf(match[1] === '-' ? -total : total)
  return milliseconds === undefined ? undefined : new Duration(milliseconds)
}

/** `undefined` on overflow. */
export function offset({ at }: Datetime, { milliseconds }: Duration): Datetime | undefined {
  const sum = add(at, milliseconds)
  return sum === undefined ? undefined : new Datetime(sum)
}

/** `undefined` on overflow. */
export function durationSince({ at }: Datetime, since: Datetime): Duration | undefined {
  const difference = subtract(at, since.at)
  return difference === undefined ? undefined : new Duration(difference)
}

/** The day's beginning; `undefined` on overflow. */
export function toDate({ at }: Datetime): Datetime | undefined {
  const midnight = subtract(at, remainder(at, DAY))
  return midnight === undefined ? undefined : new Datetime(midnight)
}

/** Since the day's beginning. */
export function toTime({ at }: Datetime): Duration {
  return new Duration(remainder(at, DAY))
}

export function inUnits({ milliseconds }: Duration, unit: number): Long {
  return divide(milliseconds, unit)
}
