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
}

/** A way by which people are told. It tells, and never takes an answer. */
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

/** A channel did not accept a message. */
export class DeliveryError extends Error {
  /** True when it is no use to try again. */
  readonly lasting: boolean

  constructor(message: string, { lasting }: { readonly lasting: boolean }) {
    super(message)
    this.lasting = lasting
  }
}
