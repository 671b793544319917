import { utcMinute } from '../../platform/lib/duration.ts'
import type { Announcement } from '../notifications/index.ts'
import { findPerson } from '../people/index.ts'
import { isInForce, type StandIn, type StandInParts } from './stand-in.ts'
import { findStandIn } from './stand-in-store.ts'

type AnnouncingParts = Pick<StandInParts, 'clock' | 'storage'>

/** Announcers of the events about stand-ins: to the person who is away, and to the one who answers for them. */
export function standInAnnouncers(parts: AnnouncingParts) {
  return {
    stand_in: async (id: string): Promise<Announcement | undefined> => {
      const standIn = await findStandIn(parts.storage.read, id)
      const now = parts.clock.now()
      if (!standIn || standIn.endedAt !== null || standIn.endsAt <= now) return undefined
      const title = isInForce(standIn, now)
        ? 'A stand-in answers from now on'
        : 'A stand-in is named'
      return announcementOf(parts, standIn, { title, expiresAt: standIn.endsAt })
    },
    stand_in_ended: async (id: string): Promise<Announcement | undefined> => {
      const standIn = await findStandIn(parts.storage.read, id)
      if (!standIn || standIn.endedAt === null) return undefined
      const title = 'A stand-in was ended early'
      return announcementOf(parts, standIn, { title, expiresAt: null })
    },
  }
}

async function announcementOf(
  { storage: { read } }: AnnouncingParts,
  { endedBy, endsAt, personId, standInId, startsAt }: StandIn,
  said: Pick<Announcement, 'expiresAt' | 'title'>,
): Promise<Announcement> {
  const [person, standIn] = [await findPerson(read, personId), await findPerson(read, standInId)]
  const by = endedBy === null ? undefined : ((await findPerson(read, endedBy))?.name ?? endedBy)
  const recipients = [person, standIn].flatMap((each) => (each?.status === 'active' ? [each] : []))
  return {
    ...{ ...said, recipients, agent: '', path: '/stand-ins' },
    sentence: `${standIn?.name ?? standInId} answers for ${person?.name ?? personId}`,
    facts: [
      { name: 'From', value: utcMinute(startsAt) },
      { name: 'Until', value: utcMinute(endsAt) },
      ...(by === undefined ? [] : [{ name: 'Ended by', value: by, foreign: true as const }]),
    ],
  }
}
