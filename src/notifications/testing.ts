import type { Person } from '../people/index.ts'
import type { Channel, Notification } from './channel.ts'

/** A channel that keeps what it sends, and fails when it is told to. */
export class TestChannel implements Channel {
  readonly name: string
  readonly title = 'E-mail'
  readonly sent: { readonly to: string; readonly notification: Notification }[] = []
  failure: Error | undefined
  /** Awaited before anything is sent. */
  before: () => Promise<unknown> = async () => {}

  constructor(name = 'email') {
    this.name = name
  }

  addressOf({ email }: Person): string | undefined {
    return email
  }

  async send({ email = '' }: Person, notification: Notification): Promise<void> {
    await this.before()
    if (this.failure) throw this.failure
    this.sent.push({ to: email, notification })
  }

  close(): void {}
}
