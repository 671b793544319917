import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'

/** Use of a channel: for everything, for what no other channel delivered, or for nothing. */
export type ChannelUse = 'always' | 'fallback' | 'off'

export interface ChannelChoice {
  readonly personId: string
  readonly channel: string
  readonly use: ChannelUse
  /** Place in the person's order. */
  readonly rank: number
}

const CHOICES = codec('channel_choices').of<ChannelChoice>()

/** Choices of a person, by channel. */
export async function channelChoicesOf(
  db: Reader,
  personId: string,
): Promise<ReadonlyMap<string, ChannelChoice>> {
  const rows = await db
    .selectFrom('channel_choices')
    .selectAll()
    .where('person_id', '=', personId)
    .execute()
  return new Map(rows.map((row) => [row.channel, CHOICES.read(row)]))
}

/** Replaces choices, the last word counts. */
export async function putChoices(tx: Tx, choices: readonly ChannelChoice[]): Promise<void> {
  for (const choice of choices)
    await tx
      .insertInto('channel_choices')
      .values(CHOICES.write(choice))
      .onConflict((conflict) =>
        conflict
          .columns(['person_id', 'channel'])
          .doUpdateSet({ use: choice.use, rank: choice.rank }),
      )
      .execute()
}

export async function deleteChoice(tx: Tx, personId: string, channel: string): Promise<void> {
  await tx
    .deleteFrom('channel_choices')
    .where('person_id', '=', personId)
    .where('channel', '=', channel)
    .execute()
}
