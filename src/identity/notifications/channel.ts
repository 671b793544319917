import type { Person } from '../people/index.ts'
import type { Announcement } from './announcement.ts'

/** Message to one person about one event, or several that came up close to each other. */
export interface Notification {
  /** Id of the oldest delivery in it: the same again when an attempt is repeated. */
  readonly id: string
  /** At least one. */
  readonly announcements: readonly Announcement[]
  /** Number of others that the person is not told of one by one. */
  readonly more: number
  readonly sentAt: number
  /** Questions of the announcements that can be answered by buttons. */
  readonly questions?: ReadonlyMap<Announcement, AnswerableQuestion> | undefined
}

/** Question, and the delivery that tells of it: what its buttons are bound to. */
export interface AnswerableQuestion {
  readonly deliveryId: string
  readonly question: ChannelQuestion
}

/** A question with all that its page says and decides, short enough for a message. */
export interface ChannelQuestion {
  readonly callHash: string
  /** `shownDigest` of the request. */
  readonly shown: string
  readonly title: string
  /** Sentence of the catalog, in which nothing is hidden or left out. */
  readonly sentence: string
  readonly facts: readonly { readonly name: string; readonly value: string }[]
}

/** A way by which people are told at an address that is known of them. It tells, and never takes an answer. */
export interface Channel {
  /** Name in the books. */
  readonly name: string
  /** Name that people read. */
  readonly title: string
  /** Address of this person, as they know it; `undefined`: they cannot be told by it. */
  addressOf(person: Person): string | undefined
  /** Resolves when the message is accepted. @throws DeliveryError */
  send(person: Person, message: Notification): Promise<void>
  close(): void
}

export type OwnerKind = 'person' | 'group'

/** Own channel that a message goes to, and whose it is. */
export interface ChannelOwner {
  readonly id: string
  readonly owner: string
}

/** A kind of channel whose addresses people add, for themselves or for a group. */
export interface ChannelKind {
  /** Name in the books. */
  readonly name: string
  /** Name that people read. */
  readonly title: string
  /** Name of the address that is typed, with an example; absent where a script of the page makes it. */
  readonly field?: { readonly label: string; readonly example: string }
  /** Key by which a push service knows this server (RFC 8292 section 3.2), for browsers. */
  readonly publicKey?: string
  readonly owners: readonly OwnerKind[]
  /** True when its messages can have buttons that answer. */
  readonly answers?: boolean
  /** Reads a typed address. @throws Problem `notification.bad_address` */
  read(typed: string): ChannelAddress
  /** Adds to settings what only the service knows, before they are stored. @throws Problem `notification.not_sent` */
  locate?(settings: string): Promise<string>
  /**
   * Resolves when the message is accepted, with a receipt by which it can be rewritten, if it can.
   * `settings`: those of the address. @throws DeliveryError
   */
  send(settings: string, message: Notification, to?: ChannelOwner): Promise<string | undefined>
  /** Puts an outcome, in Remit's own words, in place of a message. @throws DeliveryError */
  rewrite?(receipt: string, outcome: string): Promise<void>
}

export interface ChannelAddress {
  /** Part of the address that is no secret. */
  readonly label: string
  /** Settings that sending needs; stored sealed. */
  readonly settings: string
  /** Secret that its person has to know, shown once. */
  readonly secret?: string
}
