import type { Person } from '../people/index.ts'
import type { Reader, Tx } from '../storage/index.ts'
import type { Channel } from './channel.ts'
import type { NotificationParts } from './parts.ts'

/** Channels by which this person can be told and wants to be. */
export async function channelsFor(
  { channels, storage }: Pick<NotificationParts, 'channels' | 'storage'>,
  person: Person,
): Promise<readonly Channel[]> {
  const reaching = channels.filter((channel) => channel.addressOf(person) !== undefined)
  if (reaching.length === 0) return []
  const muted = await mutedBy(storage.read, person.id)
  return reaching.filter(({ name }) => !muted.has(name))
}

export async function mutedBy(db: Reader, personId: string): Promise<ReadonlySet<string>> {
  const rows = await db
    .selectFrom('muted_channels')
    .select('channel')
    .where('person_id', '=', personId)
    .execute()
  return new Set(rows.map(({ channel }) => channel))
}

/** A person does not want to be told by a channel, or does again. What waits for it already is not sent then. */
export async function muteChannel(
  { storage }: Pick<NotificationParts, 'storage'>,
  choice: { readonly personId: string; readonly channel: string; readonly muted: boolean },
): Promise<void> {
  await storage.transaction((tx) => putChoice(tx, choice))
}

async function putChoice(
  tx: Tx,
  {
    channel,
    muted,
    personId,
  }: { readonly personId: string; readonly channel: string; readonly muted: boolean },
): Promise<void> {
  if (muted)
    await tx
      .insertInto('muted_channels')
      .values({ person_id: personId, channel })
      .onConflict((conflict) => conflict.columns(['person_id', 'channel']).doNothing())
      .execute()
  else
    await tx
      .deleteFrom('muted_channels')
      .where('person_id', '=', personId)
      .where('channel', '=', channel)
      .execute()
}
