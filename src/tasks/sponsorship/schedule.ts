import { Problem } from '../../platform/lib/problem.ts'
import { DAY_MINUTES, MINUTE, WEEKDAYS, type Weekday } from '../../platform/lib/time-units.ts'

/**
 * Times at which tasks may be opened: on these days, from one time of day until before another, as
 * clocks show it in `zone` (an IANA name). When `from` is not before `to`, the hours run on over
 * midnight and belong to the day they began on.
 */
export type Schedule = {
  readonly days: readonly Weekday[]
  /** `HH:MM` */
  readonly from: string
  /** `HH:MM`, up to `24:00`. */
  readonly to: string
  readonly zone: string
}

/** @throws Problem `sponsor_grant.bad_terms` */
export function checkSchedule(schedule: Schedule): Schedule {
  const { days, from, to, zone } = schedule
  if (days.length === 0 || new Set(days).size !== days.length)
    throw badSchedule('name each day once')
  if (days.some((day) => !WEEKDAYS.includes(day)))
    throw badSchedule(`days are ${WEEKDAYS.join(', ')}`)
  const [first, last] = [minutesOf(from), minutesOf(to)]
  if (first === undefined || last === undefined || first === DAY_MINUTES || last === 0)
    throw badSchedule('times are written like 09:00, and `to` at most 24:00')
  if (first === last) throw badSchedule('`from` and `to` are the same')
  try {
    localTime(zone, 0)
  } catch {
    throw badSchedule('the time zone is not known; write it like Europe/Berlin')
  }
  return schedule
}

/** Tells whether a task may be opened at this moment (epoch milliseconds). */
export function allowsAt({ days, from, to, zone }: Schedule, now: number): boolean {
  const { day, minutes } = localTime(zone, now)
  const [first, last] = [minutesOf(from) ?? 0, minutesOf(to) ?? 0]
  if (first < last) return days.includes(day) && minutes >= first && minutes < last
  if (minutes >= first) return days.includes(day)
  return minutes < last && days.includes(before(day))
}

/** The first moment from `now` on at which a task may be opened: now itself, or a whole minute (epoch milliseconds). */
export function nextAllowed(schedule: Schedule, now: number): number {
  const first = minutesOf(schedule.from) ?? 0
  let at = now
  // A day at a time at most. Where clocks change on the way, it lands beside the hour and goes on from there.
  while (!allowsAt(schedule, at)) {
    const { minutes } = localTime(schedule.zone, at)
    const left = (first - minutes + DAY_MINUTES) % DAY_MINUTES || DAY_MINUTES
    at = at - (at % MINUTE) + left * MINUTE
  }
  // Clocks that went forward on the way made it land too late.
  while (at - MINUTE > now && allowsAt(schedule, at - MINUTE)) at -= MINUTE
  return at
}

/** `mon, fri 22:00–06:00 Europe/Berlin` */
export function scheduleInWords({ days, from, to, zone }: Schedule): string {
  const all = days.length === WEEKDAYS.length
  const told = all ? 'every day' : WEEKDAYS.filter((day) => days.includes(day)).join(', ')
  return `${told} ${from}–${to} ${zone}`
}

function localTime(zone: string, at: number): { day: Weekday; minutes: number } {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone: zone,
    weekday: 'short',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(at)
  const part = (type: Intl.DateTimeFormatPartTypes) =>
    parts.find((one) => one.type === type)?.value ?? ''
  const day = part('weekday').toLowerCase() as Weekday // as: what en-GB calls them, in three letters
  return { day, minutes: Number(part('hour')) * 60 + Number(part('minute')) }
}

function before(day: Weekday): Weekday {
  return WEEKDAYS.at(WEEKDAYS.indexOf(day) - 1) ?? day
}

function minutesOf(time: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-4]):([0-5]\d)$/.exec(time) ?? []
  // Not a number where the text is no time, and then not below anything.
  const count = Number(hours) * 60 + Number(minutes)
  return count <= DAY_MINUTES ? count : undefined
}

function badSchedule(detail: string): Problem {
  return new Problem('sponsor_grant.bad_terms', detail)
}
