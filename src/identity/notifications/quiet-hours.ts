import { Problem } from '../../platform/lib/problem.ts'
import { DAY_MINUTES, MINUTE } from '../../platform/lib/time-units.ts'
import { codec, type Reader } from '../../platform/storage/index.ts'
import type { Person } from '../people/index.ts'
import type { Announcement } from './announcement.ts'
import type { NotificationParts } from './parts.ts'

/** Time of the day in which a person is not told what can wait. It may go over midnight. */
export interface QuietHours {
  /** Minutes after midnight. */
  readonly fromMinute: number
  readonly toMinute: number
  /** IANA name, such as `Europe/Berlin`. */
  readonly timeZone: string
}

const HOURS = codec('quiet_hours').of<QuietHours & { readonly personId: string }>()

export async function quietHoursOf(
  db: Reader,
  people: readonly string[],
): Promise<ReadonlyMap<string, QuietHours>> {
  const rows = await db
    .selectFrom('quiet_hours')
    .selectAll()
    .where('person_id', 'in', [...people])
    .execute()
  return new Map(rows.map((row) => [row.person_id, HOURS.read(row)]))
}

/**
 * Sets the quiet hours of a person; without `typed` there are none.
 * @throws Problem `notification.bad_quiet_hours`
 */
export async function setQuietHours(
  { storage }: Pick<NotificationParts, 'storage'>,
  { id: personId }: Pick<Person, 'id'>,
  typed: { readonly from: string; readonly to: string; readonly timeZone: string } | undefined,
): Promise<void> {
  const hours = typed && readQuietHours(typed)
  await storage.transaction(async (tx) => {
    await tx.deleteFrom('quiet_hours').where('person_id', '=', personId).execute()
    if (hours)
      await tx
        .insertInto('quiet_hours')
        .values(HOURS.write({ ...hours, personId }))
        .execute()
  })
}

function readQuietHours(typed: { from: string; to: string; timeZone: string }): QuietHours {
  const [fromMinute, toMinute] = [minuteOf(typed.from), minuteOf(typed.to)]
  const timeZone = zoneOf(typed.timeZone)
  if (fromMinute === undefined || toMinute === undefined || fromMinute === toMinute)
    throw badQuietHours('quiet hours are two different times of the day, such as 22:00 and 07:00')
  if (timeZone === undefined)
    throw badQuietHours('a time zone is a name such as Europe/Berlin or UTC')
  return { fromMinute, toMinute, timeZone }
}

const badQuietHours = (detail: string) => new Problem('notification.bad_quiet_hours', detail)

function minuteOf(typed: string): number | undefined {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(typed.trim()) ?? []
  return hours === undefined ? undefined : Number(hours) * 60 + Number(minutes)
}

function zoneOf(typed: string): string | undefined {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: typed.trim() }).resolvedOptions().timeZone
  } catch {
    return undefined
  }
}

/** End of the quiet hours that hold at this time; `undefined`: none do. On a day when clocks change, an hour off. */
export function quietEnd(
  { fromMinute, timeZone, toMinute }: QuietHours,
  now: number,
): number | undefined {
  const format = { timeZone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
  const minute = minuteOf(new Intl.DateTimeFormat('en-GB', format).format(now)) ?? 0
  const length = (toMinute - fromMinute + DAY_MINUTES) % DAY_MINUTES
  const passed = (minute - fromMinute + DAY_MINUTES) % DAY_MINUTES
  const begun = now - (now % MINUTE)
  return passed < length ? begun + (length - passed) * MINUTE : undefined
}

/**
 * Times until which recipients are left alone. A question that would expire by then is told at once, unless another recipient is told
 * now: quiet hours never leave a question unheard. People on call have none.
 */
export async function quietUntil(
  { clock, storage }: Pick<NotificationParts, 'clock' | 'storage'>,
  { expiresAt, recipients, urgentFor = [] }: Announcement,
): Promise<ReadonlyMap<string, number>> {
  const now = clock.now()
  const all = await quietHoursOf(
    storage.read,
    recipients.map(({ id }) => id),
  )
  const ends = [...all].flatMap(([id, hours]) => {
    const end = urgentFor.includes(id) ? undefined : quietEnd(hours, now)
    return end === undefined ? [] : [[id, end] as const]
  })
  const othersAreTold = ends.length < recipients.length
  return new Map(ends.filter(([, end]) => othersAreTold || expiresAt === null || end < expiresAt))
}
