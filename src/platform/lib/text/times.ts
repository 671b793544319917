import { DAY, HOUR, MINUTE, SECOND } from '../time-units.ts'

function count(value: number, unit: string): string {
  return `${value} ${unit}${value === 1 ? '' : 's'}`
}

/** A length of time in its largest unit, or its two largest where the second matters: `1 hour 30 minutes`. */
export function duration(ms: number): string {
  if (ms < MINUTE) return count(Math.max(1, Math.round(ms / SECOND)), 'second')
  if (ms < HOUR) return count(Math.floor(ms / MINUTE), 'minute')
  const [unit, size, small, smallSize] =
    ms < DAY ? (['hour', HOUR, 'minute', MINUTE] as const) : (['day', DAY, 'hour', HOUR] as const)
  const whole = Math.floor(ms / size)
  const rest = Math.floor((ms % size) / smallSize)
  return rest === 0 || whole >= 10
    ? count(whole, unit)
    : `${count(whole, unit)} ${count(rest, small)}`
}

/** The largest unit alone: enough where the exact time stands beside it. */
function coarse(ms: number): string {
  if (ms < HOUR) return duration(ms)
  return ms < DAY ? count(Math.round(ms / HOUR), 'hour') : count(Math.round(ms / DAY), 'day')
}

const formats = new Map<string, Intl.DateTimeFormat>()

function partsIn(zone: string, at: number) {
  const options = { day: 'numeric', month: 'short', year: 'numeric', hour: '2-digit' } as const
  const more = { minute: '2-digit', hourCycle: 'h23', timeZoneName: 'short' } as const
  const known = formats.get(zone)
  const format = known ?? new Intl.DateTimeFormat('en-GB', { ...options, ...more, timeZone: zone })
  formats.set(zone, format)
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]))
  return {
    time: `${parts.hour}:${parts.minute} ${parts.timeZoneName}`,
    date: `${parts.day} ${parts.month?.slice(0, 3)}`,
    year: ` ${parts.year}`,
  }
}

/** Time of day, with the date unless it is today's. Says its zone. */
export function clockTime(at: number, now: number, zone = 'UTC'): string {
  const [there, today] = [partsIn(zone, at), partsIn(zone, now)]
  if (there.date + there.year === today.date + today.year) return there.time
  return `${there.date}${there.year === today.year ? '' : there.year}, ${there.time}`
}

const INSTANT = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/
const LAST_DAY = Date.UTC(9999, 0)
const DAY_ALONE = /^\d{4}-\d\d-\d\d$/

/** A time that was sent (RFC 3339), in a zone, or a day as it is; `undefined` when it is neither. */
export function writtenTime(text: string, zone: string): string | undefined {
  const isDay = DAY_ALONE.test(text)
  if (!isDay && !INSTANT.test(text)) return undefined
  const at = Date.parse(text.toUpperCase())
  if (Number.isNaN(at)) return undefined
  const { date, time, year } = partsIn(isDay ? 'UTC' : zone, at)
  return isDay ? `${date}${year}` : `${date}${year}, ${time}`
}

/** Beginning of a day (`2026-12-24`) in a zone, epoch milliseconds, and of the day after it; `undefined` when it is none. */
export function daySpan(
  day: string,
  zone: string,
): { readonly start: number; readonly end: number } | undefined {
  const midnight = DAY_ALONE.test(day) ? Date.parse(day) : Number.NaN
  // Earlier and later years have no four digits in every zone.
  if (!(midnight > DAY && midnight < LAST_DAY)) return undefined
  return { start: instantOf(midnight, zone), end: instantOf(midnight + DAY, zone) }
}

/** Time at which the clocks of a zone show what UTC shows at `wall`. */
function instantOf(wall: number, zone: string): number {
  // Twice: the first guess can lie on the other side of a change of clocks.
  const guess = wall - offsetAt(zone, wall)
  return wall - offsetAt(zone, guess)
}

/** Difference of the clocks of a zone to UTC at a time. */
function offsetAt(timeZone: string, at: number): number {
  const format = new Intl.DateTimeFormat('sv-SE', {
    ...{ timeZone, year: 'numeric', month: '2-digit', day: '2-digit' },
    ...{ hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' },
  } as const)
  return Date.parse(`${format.format(at).replace(' ', 'T')}Z`) - (at - (at % SECOND))
}

export function relative(at: number, now: number): string {
  const away = Math.abs(at - now)
  if (away < 5 * SECOND) return 'just now'
  return at < now ? `${coarse(away)} ago` : `in ${coarse(away)}`
}
