import assert from 'node:assert/strict'
import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { type WebSocket, WebSocketServer } from 'ws'
import { type Answer, send } from './wire.ts'

export const TEAM = 'T0REMIT'
export const SIGNING_SECRET = '8f742231b10e8888abcd99yyyzzz85a5'

interface Block {
  readonly type: string
  readonly text?: { readonly type: string; readonly text: string }
  readonly elements?: readonly {
    readonly action_id: string
    readonly value?: string
    readonly url?: string
  }[]
}

/** Message as it stands in the channel. */
export interface SlackMessage {
  readonly channel: string
  readonly ts: string
  text: string
  blocks: readonly Block[]
}

/** Deviations of a press from one that Slack would send. */
export interface OddPress {
  readonly member?: string
  readonly team?: string
  readonly memberTeam?: string
  readonly channel?: string
  readonly ts?: string
  readonly value?: string | undefined
  readonly reason?: string
  readonly change?: (payload: Record<string, unknown>) => void
}

/**
 * A server that stands in for Slack: the methods of its Web API that Remit calls with the official SDK, Socket Mode, and presses
 * as Slack signs them. Shapes are those of Slack's documentation; nobody at Slack has seen it.
 */
export class FakeSlack {
  readonly origin: string
  readonly messages: SlackMessage[] = []
  /** Texts that only one member sees. */
  readonly told: { readonly channel: string; readonly member: string; readonly text: string }[] = []
  readonly sockets = new Set<WebSocket>()
  readonly acknowledged: string[] = []
  readonly #server: http.Server
  readonly #web: WebSocketServer
  #last = 0

  private constructor(server: http.Server) {
    this.#server = server
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // as: it listens on a port
    this.#web = new WebSocketServer({ server, path: '/link' })
    this.#web.on('connection', (socket) => {
      this.sockets.add(socket)
      socket.on('close', () => this.sockets.delete(socket))
      socket.on('message', (data) =>
        this.acknowledged.push(JSON.parse(String(data)).envelope_id ?? ''),
      )
      socket.send(JSON.stringify({ type: 'hello', num_connections: this.sockets.size }))
    })
  }

  static async start(): Promise<FakeSlack> {
    const server = http.createServer()
    await once(server.listen(0, '127.0.0.1'), 'listening')
    const slack = new FakeSlack(server)
    server.on('request', async (request, reply) => {
      const body = Buffer.concat(await request.toArray()).toString('utf8')
      const fields = new URLSearchParams(body)
      const method = request.url?.replace('/api/', '') ?? ''
      reply.setHeader('content-type', 'application/json')
      reply.end(JSON.stringify(slack.#call(method, fields)))
    })
    return slack
  }

  get environment() {
    return {
      REMIT_SLACK_BOT_TOKEN: 'xoxb-of-the-fake-slack',
      REMIT_SLACK_APP_TOKEN: 'xapp-1-of-the-fake-slack',
      REMIT_SLACK_API_URL: `${this.origin}/api/`,
      REMIT_SLACK_SIGNING_SECRET: SIGNING_SECRET,
      REMIT_WEBHOOK_ORIGINS: this.origin,
    }
  }

  #call(method: string, fields: URLSearchParams): object {
    const [channel, text] = [fields.get('channel') ?? '', fields.get('text') ?? '']
    const blocks: Block[] = JSON.parse(fields.get('blocks') ?? '[]')
    switch (method) {
      case 'auth.test':
        return { ok: true, team_id: TEAM, user_id: 'UBOT' }
      case 'chat.postMessage': {
        const message = { channel: `D${channel}`, ts: `${1_700_000_000 + ++this.#last}.000100` }
        this.messages.push({ ...message, text, blocks })
        return { ok: true, ...message }
      }
      case 'chat.update': {
        const message = this.messages.find((each) => each.ts === fields.get('ts'))
        if (!message) return { ok: false, error: 'message_not_found' }
        Object.assign(message, { text, blocks })
        return { ok: true, channel, ts: message.ts }
      }
      case 'chat.postEphemeral':
        this.told.push({ channel, member: fields.get('user') ?? '', text: textOf({ blocks }) })
        return { ok: true, message_ts: '1.1' }
      case 'apps.connections.open':
        return { ok: true, url: `${this.origin.replace('http', 'ws')}/link?ticket=1` }
      default:
        return { ok: false, error: 'unknown_method' }
    }
  }

  /** Payload of a press, as Slack makes it. */
  payload(message: SlackMessage, action: string, odd: OddPress = {}): Record<string, unknown> {
    const pressed = buttonsOf(message).find(({ action_id: id }) => id === action)
    const { channel = message.channel, member = message.channel.slice(1), team = TEAM } = odd
    const payload: Record<string, unknown> = {
      type: 'block_actions',
      user: { id: member, username: 'x', name: 'x', team_id: odd.memberTeam ?? team },
      api_app_id: 'A1',
      container: {
        ...{ type: 'message', message_ts: odd.ts ?? message.ts },
        ...{ channel_id: channel, is_ephemeral: false },
      },
      trigger_id: '1.2.3',
      team: { id: team, domain: 'example' },
      enterprise: null,
      is_enterprise_install: false,
      channel: { id: channel, name: 'directmessage' },
      message: { type: 'message', ts: message.ts, text: message.text, blocks: message.blocks },
      state: {
        values: {
          remit_reason: {
            remit_reason: { type: 'plain_text_input', value: odd.reason ?? null },
          },
        },
      },
      response_url: 'https://hooks.slack.com/actions/T0/1/x',
      actions: [
        {
          ...{ action_id: action, block_id: 'b', type: 'button', action_ts: '1700000000.1' },
          value: odd.value ?? pressed?.value,
        },
      ],
    }
    odd.change?.(payload)
    return payload
  }

  /** Posts a press to Remit. `at`: time in ms that it is signed for. */
  press(
    to: { readonly issuer: string; readonly at: number },
    message: SlackMessage,
    action: string,
    odd: OddPress = {},
  ): Promise<Answer> {
    return deliver(to, this.payload(message, action, odd))
  }

  /** Sends a press over each of these connections. */
  pressOver(
    sockets: Iterable<WebSocket>,
    payload: object,
    envelope: { readonly id: string; readonly retry?: number },
  ): void {
    for (const socket of sockets)
      socket.send(
        JSON.stringify({
          ...{ type: 'interactive', envelope_id: envelope.id, payload },
          ...{ accepts_response_payload: true, retry_attempt: envelope.retry ?? 0 },
        }),
      )
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.terminate()
    this.#web.close()
    this.#server.closeAllConnections()
    await new Promise((done) => this.#server.close(done))
  }
}

let count = 0

/** Posts a payload as Slack does, signed for `at`. A second of the same time is another delivery. */
export function deliver(
  { at, issuer }: { readonly issuer: string; readonly at: number },
  payload: object,
  headers: readonly (readonly [string, string])[] = [],
): Promise<Answer> {
  const unique = { ...payload, trigger_id: `delivery.${++count}` }
  const body = String(new URLSearchParams({ payload: JSON.stringify(unique) }))
  return send(`${issuer}/chat/slack`, {
    ...{ method: 'POST', body },
    headers: [...signed(at, body), ...headers],
  })
}

/** Headers of a delivery with this body. */
export function signed(
  at: number,
  body: string | Buffer,
  secret = SIGNING_SECRET,
): [string, string][] {
  const time = String(Math.floor(at / 1000))
  const mac = createHmac('sha256', secret).update(`v0:${time}:`).update(body).digest('hex')
  return [
    ['Content-Type', 'application/x-www-form-urlencoded'],
    ['X-Slack-Request-Timestamp', time],
    ['X-Slack-Signature', `v0=${mac}`],
  ]
}

export function buttonsOf({ blocks }: Pick<SlackMessage, 'blocks'>) {
  return blocks.flatMap(({ elements = [] }) => elements)
}

/** All text of a message; none of it may be markup, apart from a link of Remit's own. */
export function textOf({ blocks }: Pick<SlackMessage, 'blocks'>): string {
  const texts = blocks.flatMap(({ text }) => (text ? [text] : []))
  for (const { text, type } of texts)
    assert.ok(type === 'plain_text' || /^<http[^|]*\|Look at it and answer>$/.test(text), text)
  return texts.map(({ text }) => text).join('\n')
}
