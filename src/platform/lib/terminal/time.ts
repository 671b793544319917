import { DAY, HOUR, MINUTE } from '../time-units.ts'

/** `2026-11-25 01:20 +01:00` or `… UTC`, in the time zone of the reader. Takes RFC 3339 or epoch milliseconds. */
export function moment(at: string | number): string {
  const date = new Date(at)
  if (Number.isNaN(date.getTime())) return String(at)
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`
  return `${day} ${two(date.getHours())}:${two(date.getMinutes())} ${zone(date)}`
}

/** The offset on that very day: summer time has another one. */
function zone(date: Date): string {
  // Minutes that the zone is behind UTC.
  const behind = date.getTimezoneOffset()
  if (behind === 0) return 'UTC'
  const size = Math.abs(behind)
  return `${behind > 0 ? '-' : '+'}${two(Math.floor(size / 60))}:${two(size % 60)}`
}

/** `3 min ago`, `in 40 min`, `just now`. */
export function relativeMoment(at: string | number, now: number): string {
  const difference = new Date(at).getTime() - now
  const size = Math.abs(difference)
  if (Number.isNaN(size)) return String(at)
  if (size < MINUTE) return difference > 0 ? 'in less than a minute' : 'just now'
  const [unit, name] = size < HOUR ? [MINUTE, 'min'] : size < DAY ? [HOUR, 'h'] : [DAY, 'd']
  const count = `${Math.floor(size / unit)} ${name}`
  return difference > 0 ? `in ${count}` : `${count} ago`
}

function two(number: number): string {
  return String(number).padStart(2, '0')
}
