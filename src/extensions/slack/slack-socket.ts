import type { SocketModeClient } from '@slack/socket-mode'
import type { Closable } from '../../platform/lib/close-all.ts'
import { parseJson } from '../../platform/lib/json.ts'
import { repeat } from '../../platform/lib/repeat.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import { type ChatParts, takePress } from './take-press.ts'

/** Time in ms after which it connects again, where it could not. */
const AGAIN_EVERY_MS = 15_000
/** Pause in ms before it connects: a server that lets go at once gets no storm. */
const PAUSE_MS = 1_000

/** Event `slack_event` of the SDK. */
interface SlackEvent {
  readonly type: string
  readonly body: unknown
  readonly retry_num?: number | undefined
  readonly ack: () => Promise<void>
}

/**
 * Keeps a connection to Slack over which presses come (Socket Mode). Each replica has one; Slack sends a press to one of them, and
 * a press counts once however often it comes.
 */
export function keepSlackSocket(parts: ChatParts, appToken: Secret): Closable {
  let opened: Promise<SocketModeClient> | undefined
  let isOpen = false
  const connecting = repeat(
    async () => {
      if (isOpen) return
      opened ??= openClient(parts, appToken, () => {
        if (!isOpen) return
        isOpen = false
        connecting.wake()
      })
      const client = await opened
      await client.start().catch((cause: unknown) => {
        throw new Error('no connection to Slack, which is tried again', { cause })
      })
      isOpen = true
    },
    { everyMs: AGAIN_EVERY_MS, gatherMs: PAUSE_MS, onError: parts.onError },
  )
  connecting.wake()
  return {
    name: 'connection to Slack',
    async close() {
      const stopped = connecting.stop()
      // The first call ends a connection that is being made; the second ends one that was made meanwhile.
      await (await opened)?.disconnect()
      await stopped
      await (await opened)?.disconnect()
    },
  }
}

async function openClient(
  parts: ChatParts,
  appToken: Secret,
  onClosed: () => void,
): Promise<SocketModeClient> {
  const client = await parts.slack.socket(appToken, parts.onError)
  client.on('slack_event', (event: SlackEvent) => {
    receive(parts, event).catch(parts.onError)
  })
  client.on('disconnected', onClosed)
  return client
}

/** Takes a press. A failure is not acknowledged, and Slack tells the person who pressed. */
async function receive(
  parts: ChatParts,
  { ack, body, retry_num: retries = 0, type }: SlackEvent,
): Promise<void> {
  if (type !== 'interactive') return
  const payload = parseJson(JSON.stringify(body))
  const tell = await takePress(parts, payload, retries > 0)
  await ack()
  await tell?.()
}
