import type { Id } from '../../platform/lib/id.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import type { PeopleParts, Person } from '../people/index.ts'

/** A person who answers for another one who is away. Times are epoch milliseconds. */
export interface StandIn {
  readonly id: Id<'stand_in'>
  /** Person who is away. */
  readonly personId: Id<'person'>
  readonly standInId: Id<'person'>
  readonly startsAt: number
  readonly endsAt: number
  readonly createdAt: number
  /** Time when it was ended before its end, and by whom. */
  readonly endedAt: number | null
  readonly endedBy: string | null
}

/** A person who has a stand-in, and until when. */
export type AbsentPerson = Person & { readonly until: number }

/** Parts that this room works with; every act takes them first. */
export type StandInParts = Pick<PeopleParts, 'clock' | 'ledger' | 'live' | 'random' | 'storage'>

/** Bounds of one stand-in: how long it lasts, and how far ahead it is named. */
export const STAND_IN_SPANS = { most: 90 * DAY, ahead: 365 * DAY } as const
/** Stand-ins that are not over: named by one person, and of one who stands in. */
export const MAX_STAND_INS = { named: 5, held: 10 } as const

/** Tells whether a stand-in is in force at this time. */
export function isInForce(
  { endedAt, endsAt, startsAt }: Pick<StandIn, 'endedAt' | 'endsAt' | 'startsAt'>,
  now: number,
): boolean {
  return endedAt === null && startsAt <= now && now < endsAt
}
