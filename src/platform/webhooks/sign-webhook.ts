import { createHmac } from 'node:crypto'
import type { Random } from '../lib/random.ts'

const PREFIX = 'whsec_'
const SECRET_BYTES = 32

/** Secret of a symmetric webhook signature (Standard Webhooks 1.0.0, "Signature scheme"). */
export function newWebhookSecret(random: Random): string {
  return PREFIX + Buffer.from(random.bytes(SECRET_BYTES)).toString('base64')
}

/**
 * Headers that sign a request (Standard Webhooks 1.0.0, "Webhook headers"): receivers tell by the
 * id what they have seen already, and by the time, in seconds, that it is replayed.
 */
export function webhookHeaders(
  secret: string,
  { at, body, id }: { readonly id: string; readonly at: number; readonly body: string },
): Record<string, string> {
  const timestamp = String(Math.floor(at / 1000))
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
  const signature = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`)
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${signature.digest('base64')}`,
  }
}
