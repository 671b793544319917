import type { Static } from 'typebox'
import { durationInWords, readDuration } from '../../platform/lib/duration.ts'
import { DAY_SECONDS, WEEKDAYS, type Weekday } from '../../platform/lib/time-units.ts'
import type { SchemaKit } from './operation.ts'
import type { ReaderContext } from './source.ts'

const NAMES: readonly string[] = WEEKDAYS

export const Schedule = ({ closed, Type }: SchemaKit) => {
  const TimeOfDay = Type.String({ pattern: '^([01]\\d|2[0-4]):[0-5]\\d$' })
  const Day = Type.Enum(WEEKDAYS)
  return Type.Object(
    {
      days: Type.Array(Day, { minItems: 1, maxItems: 7 }),
      from: TimeOfDay,
      to: TimeOfDay,
      zone: Type.String({ maxLength: 64, description: 'IANA name, like Europe/Berlin' }),
    },
    { ...closed, description: 'when tasks may be opened; hours may run over midnight' },
  )
}

export const Rate = ({ closed, Type }: SchemaKit) =>
  Type.Object(
    { tasks: Type.Integer({ minimum: 1 }), seconds: Type.Integer({ minimum: 1 }) },
    { ...closed, description: 'at most so many tasks in so many seconds' },
  )

/** Times at which tasks may be opened. */
type ScheduleJson = Static<ReturnType<typeof Schedule>>

/** At most so many tasks in so many seconds. */
export type RateJson = Static<ReturnType<typeof Rate>>

/** Rate when neither a schedule nor a rate is said: the server asks for one of them. */
export const USUAL_RATE: RateJson = { tasks: 24, seconds: DAY_SECONDS }

/** `mon-fri,sun 22:00-06:00 Europe/Berlin` or `daily …`. */
export function readSchedule(given: string, { usage }: Pick<ReaderContext, 'usage'>): ScheduleJson {
  const [, days = '', from = '', to = '', zone = ''] =
    /^(\S+) (\d\d:\d\d)[-–](\d\d:\d\d) (\S+)$/.exec(given) ?? []
  const named = days === 'daily' ? [...WEEKDAYS] : days.split(',').flatMap(daysOf)
  if (zone === '' || named.includes(undefined)) {
    throw usage(
      `\`${given}\` is no schedule`,
      '--schedule "mon-fri 22:00-06:00 Europe/Berlin", or "daily …"',
    )
  }
  return { days: WEEKDAYS.filter((day) => named.includes(day)), from, to, zone }
}

/** One day, or those from one to another, also over a Sunday. */
function daysOf(given: string): readonly (Weekday | undefined)[] {
  const [first = -1, last = first, ...more] = given.split('-').map((name) => NAMES.indexOf(name))
  if (first < 0 || last < 0 || more.length > 0) return [undefined]
  const count = ((last - first + WEEKDAYS.length) % WEEKDAYS.length) + 1
  return Array.from({ length: count }, (_, i) => WEEKDAYS[(first + i) % WEEKDAYS.length])
}

/** `5/1h` */
export function readRateTerm(given: string, { usage }: Pick<ReaderContext, 'usage'>): RateJson {
  const [, tasks, length = ''] = /^([1-9]\d{0,5})\/(\w+)$/.exec(given) ?? []
  const ms = readDuration(length)
  if (tasks === undefined || ms === undefined)
    throw usage(`\`${given}\` is no rate`, '--rate 5/1h: at most 5 tasks in one hour')
  return { tasks: Number(tasks), seconds: ms / 1000 }
}

export function scheduleInWords({ days, from, to, zone }: ScheduleJson): string {
  const told = days.length === WEEKDAYS.length ? 'every day' : days.join(', ')
  return `${told} ${from}–${to} ${zone}`
}

export function rateInWords({ seconds, tasks }: RateJson): string {
  return `${tasks} ${tasks === 1 ? 'task' : 'tasks'} in ${durationInWords(seconds * 1000)}`
}
