import type { MasterKey } from '../../platform/keys/index.ts'
import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Reader, Storage } from '../../platform/storage/index.ts'
import type { Announcers } from './announcement.ts'
import type { Channel, ChannelKind, ChannelQuestion } from './channel.ts'
import type { Recipient } from './delivery.ts'
import type { EventKind } from './event.ts'

/** Question of an agent, as its messages are timed: those of each agent for themselves. */
export interface TimedQuestion {
  readonly agent: string
  /** True when it does not wait for others: of high and critical risk. */
  readonly isRisky: boolean
  /** Epoch milliseconds. */
  readonly expiresAt: number
}

/** Parts that telling people works with. */
export interface NotificationParts {
  readonly storage: Storage
  readonly clock: Clock
  readonly random: Random
  readonly announcers: Announcers
  readonly ledger: Pick<Ledger, 'append'>
  readonly master: Pick<MasterKey, 'derive' | 'open' | 'seal'>
  /** Outcome of something that waits no more, in Remit's own words. */
  readonly outcomeOf?: (kind: EventKind, subject: string) => Promise<string | undefined>
  /** Question of an event that this recipient may answer in the channel, where they may. */
  readonly questionOf?: (
    kind: EventKind,
    subject: string,
    recipient: Recipient,
  ) => Promise<ChannelQuestion | undefined>
  /** Reads what times the messages about these subjects, of those that are questions. */
  readonly timedQuestions?: (
    db: Reader,
    subjects: readonly string[],
  ) => Promise<ReadonlyMap<string, TimedQuestion>>
  /** Channels that reach people without their doing, in order of preference. */
  readonly channels: readonly Channel[]
  /** Kinds of channels that people and groups add. */
  readonly kinds: readonly ChannelKind[]
}
