import type { IncomingMessage, ServerResponse } from 'node:http'
import { collectBody, type RawHandler } from '../../platform/http/index.ts'
import { parseJson } from '../../platform/lib/json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import { isFirstDelivery } from './answer-press.ts'
import { badSignature, checkSignature, MAX_AGE_MS, readSignature } from './slack-signature.ts'
import { type ChatParts, takePress } from './take-press.ts'

const PATH = '/chat/slack'
/** Bytes of a delivery: the message that was pressed comes with it, percent-encoded. */
const MAX_BODY = 262_144

/** Endpoint to which Slack posts presses of buttons (*Interactivity*, *Request URL*). */
export function slackEndpoint(parts: ChatParts, secret: Secret): RawHandler {
  return {
    name: 'chat slack',
    edge: 'chat',
    paths: [PATH],
    handle: (message, reply) => receive(parts, secret, message, reply),
  }
}

async function receive(
  parts: ChatParts,
  secret: Secret,
  message: IncomingMessage,
  reply: ServerResponse,
): Promise<void> {
  if (message.method !== 'POST')
    throw new Problem('request.method_not_allowed', 'only `POST` does something here')
  const now = parts.clock.now()
  const signature = readSignature(message, now)
  const body = await collectBody(message, MAX_BODY)
  // INVARIANT: nothing of the body is read before its signature is checked.
  checkSignature(secret, signature, body)
  const until = Number(signature.timestamp) * 1000 + 2 * MAX_AGE_MS
  if (!(await isFirstDelivery(parts, signature.value, until))) throw badSignature()
  const payload = parseJson(payloadIn(body), { bytes: MAX_BODY })
  const repeated = message.headers['x-slack-retry-num'] !== undefined
  const tell = await takePress(parts, payload, repeated)
  reply.writeHead(200, { 'content-length': 0 })
  reply.end()
  await tell?.()
}

/** The one field `payload` of a form. @throws Problem `request.malformed` */
function payloadIn(body: Uint8Array): string {
  const payloads = new URLSearchParams(Buffer.from(body).toString('utf8')).getAll('payload')
  const [payload, ...more] = payloads
  if (payload === undefined || more.length > 0)
    throw new Problem('request.malformed', 'the form needs `payload`, once')
  return payload
}
