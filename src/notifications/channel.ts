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
  /** Name in the books and on pages. */
  readonly name: string
  /** True when this person can be told by it. */
  reaches(person: Person): boolean
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
