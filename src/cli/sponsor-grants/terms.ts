import { type Text, text } from '../../lib/terminal/text.ts'
import { lengthInWords, readLength } from '../expires.ts'
import { usage } from '../failure.ts'
import type { AnswerOf } from '../server/operation-types.ts'

export const DAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const
type Day = (typeof DAYS)[number]
const NAMES: readonly string[] = DAYS

type SponsorGrantJson = AnswerOf<'GET', '/sponsor-grants/:id'>

/** When tasks may be opened. */
type ScheduleJson = NonNullable<SponsorGrantJson['schedule']>

/** At most so many tasks in so many seconds. */
export type RateJson = NonNullable<SponsorGrantJson['rate']>

/** When neither a schedule nor a rate is said: the server asks for one of them. */
export const USUAL_RATE: RateJson = { tasks: 24, seconds: 24 * 3600 }

/** `mon-fri,sun 22:00-06:00 Europe/Berlin` or `daily …`. */
export function readSchedule(given: string): ScheduleJson {
  const [, days = '', from = '', to = '', zone = ''] =
    /^(\S+) (\d\d:\d\d)[-–](\d\d:\d\d) (\S+)$/.exec(given) ?? []
  const named = days === 'daily' ? [...DAYS] : days.split(',').flatMap(daysOf)
  if (zone === '' || named.includes(undefined)) {
    throw usage(
      `\`${given}\` is no schedule`,
      '--schedule "mon-fri 22:00-06:00 Europe/Berlin", or "daily …"',
    )
  }
  return { days: DAYS.filter((day) => named.includes(day)), from, to, zone }
}

/** One day, or those from one to another, also over a Sunday. */
function daysOf(given: string): readonly (Day | undefined)[] {
  const [first = -1, last = first, ...more] = given.split('-').map((name) => NAMES.indexOf(name))
  if (first < 0 || last < 0 || more.length > 0) return [undefined]
  const count = ((last - first + DAYS.length) % DAYS.length) + 1
  return Array.from({ length: count }, (_, i) => DAYS[(first + i) % DAYS.length])
}

/** `5/1h` */
export function readRate(given: string): RateJson {
  const [, tasks, length = ''] = /^([1-9]\d{0,5})\/(\w+)$/.exec(given) ?? []
  const ms = readLength(length)
  if (tasks === undefined || ms === undefined)
    throw usage(`\`${given}\` is no rate`, '--rate 5/1h: at most 5 tasks in one hour')
  return { tasks: Number(tasks), seconds: ms / 1000 }
}

export function scheduleInWords({ days, from, to, zone }: ScheduleJson): Text {
  const told = days.length === DAYS.length ? 'every day' : days.join(', ')
  return text`${told} ${from}–${to} ${zone}`
}

export function rateInWords({ seconds, tasks }: RateJson): string {
  return `${tasks} ${tasks === 1 ? 'task' : 'tasks'} in ${lengthInWords(seconds * 1000)}`
}
