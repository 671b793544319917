import type { SocketModeClient } from '@slack/socket-mode'
import type { WebClient } from '@slack/web-api'
import {
  type ChannelKind,
  type ChannelQuestion,
  rescheduleNow,
} from '../../identity/notifications/index.ts'
import type { MasterKey } from '../../platform/keys/index.ts'
import type { Json } from '../../platform/lib/json.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import type { Outbound } from '../../platform/net/index.ts'
import type { Reader, Tx } from '../../platform/storage/index.ts'
import { slackOutcome } from './blocks.ts'
import { findPressed, isAsShown, type PressedButton } from './button.ts'
import { readPress, type SlackPress } from './press.ts'
import { callSlack, slackClientOptions } from './slack-client.ts'
import { slackKind } from './slack-kind.ts'

export interface SlackAppParts {
  readonly issuer: string
  /** Token of a bot with the scope `chat:write`. */
  readonly token: Secret
  /** Messages have buttons that answer. */
  readonly answers: boolean
  readonly master: Pick<MasterKey, 'derive' | 'open'>
  readonly outbound: Pick<Outbound, 'dispatcher' | 'fetch'>
  /** Default: Slack's. */
  readonly apiUrl?: string | undefined
}

/** App that Remit is in a workspace of Slack: it tells people, and hears what they press. */
export class SlackApp {
  readonly kind: ChannelKind
  readonly #parts: SlackAppParts
  #client: Promise<WebClient> | undefined

  constructor(parts: SlackAppParts) {
    this.#parts = parts
    const client = () => this.#opened()
    const master = parts.answers ? parts.master : undefined
    this.kind = slackKind({ issuer: parts.issuer, client, master })
  }

  /** Reads a press of one of our buttons; `undefined`: anything else. `repeated`: Slack delivers it again. */
  readPress(payload: Json, repeated: boolean): SlackPress | undefined {
    return readPress(payload, repeated)
  }

  /** See `findPressed`. */
  findPressed(db: Reader, press: SlackPress): Promise<PressedButton | undefined> {
    return findPressed(this.#parts, db, press)
  }

  /** See `isAsShown`. */
  isAsShown(press: SlackPress, place: PressedButton, question: ChannelQuestion): boolean {
    return isAsShown(this.#parts, press, place, question)
  }

  /** Has the messages about a request rewritten in a moment, since it was answered. */
  rewriteSoon(tx: Tx, requestId: string, now: number): Promise<void> {
    return rescheduleNow(tx, requestId, now)
  }

  /** Sends the person who pressed a message that no other member sees. @throws DeliveryError */
  async tell({ channel, member }: SlackPress, text: string): Promise<void> {
    const { chat } = await this.#opened()
    await callSlack(chat.postEphemeral({ channel, user: member, ...slackOutcome(text) }))
  }

  /** Makes a client of Socket Mode, not connected yet. It does not connect again by itself. */
  async socket(appToken: Secret, onError: (error: unknown) => void): Promise<SocketModeClient> {
    // Loaded where it is switched on only.
    const { SocketModeClient } = await import('@slack/socket-mode')
    const options = await slackClientOptions(this.#parts)
    // The SDK's own reader throws, without a listener, at messages that lack members.
    class GuardedClient extends SocketModeClient {
      protected override onWebSocketMessage(data: string | ArrayBuffer, isBinary: boolean) {
        return super.onWebSocketMessage(data, isBinary).catch(onError)
      }
    }
    return new GuardedClient({
      appToken: appToken.reveal(),
      autoReconnectEnabled: false,
      clientOptions: options,
      dispatcher: this.#parts.outbound.dispatcher,
      ...(options.logger ? { logger: options.logger } : {}),
    })
  }

  #opened(): Promise<WebClient> {
    this.#client ??= this.#open()
    return this.#client
  }

  /** Loaded with the first message: most starts send none. */
  async #open(): Promise<WebClient> {
    const { WebClient } = await import('@slack/web-api')
    return new WebClient(this.#parts.token.reveal(), await slackClientOptions(this.#parts))
  }
}
