import { Problem } from '../../platform/lib/problem.ts'
import type { Person } from '../people/index.ts'
import type { Channel, ChannelAddress, ChannelKind, Notification, OwnerKind } from './channel.ts'

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

/** A kind of channel that keeps what it sends, and fails when it is told to. */
export class TestKind implements ChannelKind {
  readonly name: string
  readonly title = 'Pager'
  readonly field = { label: 'Number', example: '0123' }
  readonly publicKey?: string
  readonly owners: OwnerKind[] = ['person', 'group']
  readonly sent: { readonly to: string; readonly notification: Notification }[] = []
  readonly rewritten: [receipt: string, outcome: string][] = []
  failure: Error | undefined

  constructor(name = 'pager', publicKey?: string) {
    this.name = name
    if (publicKey !== undefined) this.publicKey = publicKey
  }

  read(typed: string): ChannelAddress {
    if (!/^\d+$/.test(typed)) throw new Problem('notification.bad_address', 'this is no number')
    return { label: typed.slice(-2), settings: typed, secret: `secret of ${typed}` }
  }

  async send(settings: string, notification: Notification): Promise<string> {
    if (this.failure) throw this.failure
    this.sent.push({ to: settings, notification })
    return `${settings} ${this.sent.length}`
  }

  async rewrite(receipt: string, outcome: string): Promise<void> {
    if (this.failure) throw this.failure
    this.rewritten.push([receipt, outcome])
  }

  /** Code of the message that was sent last. */
  get code(): string {
    const title = this.sent.at(-1)?.notification.announcements[0]?.title ?? ''
    return /^Your code is (\d{6})$/.exec(title)?.[1] ?? ''
  }
}
