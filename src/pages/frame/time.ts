import { type Html, html } from './html.ts'

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ')

const pad = (value: number) => String(value).padStart(2, '0')

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

/** Time of day, with the date unless it is today's. Always UTC, and always says so: a page has no zone of its own. */
export function clockTime(at: number, now: number): string {
  const time = new Date(at)
  const text = `${pad(time.getUTCHours())}:${pad(time.getUTCMinutes())} UTC`
  if (Math.floor(at / DAY) === Math.floor(now / DAY)) return text
  const date = `${time.getUTCDate()} ${MONTHS[time.getUTCMonth()]}`
  const year =
    time.getUTCFullYear() === new Date(now).getUTCFullYear() ? '' : ` ${time.getUTCFullYear()}`
  return `${date}${year}, ${text}`
}

export function relative(at: number, now: number): string {
  const away = Math.abs(at - now)
  if (away < 5 * SECOND) return 'just now'
  return at < now ? `${coarse(away)} ago` : `in ${coarse(away)}`
}

/** `3 minutes ago · 14:32 UTC`, with the exact instant for machines and for those who point at it. */
export function when(at: number, now: number): Html {
  const iso = new Date(at).toISOString()
  return html`<time datetime="${iso}" title="${iso}">${relative(at, now)}<span class="dot" aria-hidden="true">\u00a0·</span> <span class="clock">${clockTime(at, now)}</span></time>`
}
