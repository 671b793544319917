import { createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { headerValues } from '../../platform/http/index.ts'
import { sameBytes } from '../../platform/lib/bytes.ts'
import type { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import { SlackProblem } from './problems.ts'

/** Age of a delivery, or its time ahead of ours, in ms. Slack's documentation names five minutes. */
export const MAX_AGE_MS = 300_000

/** Signature of a delivery, as its headers have it. */
export interface SlackSignature {
  /** Seconds. */
  readonly timestamp: string
  /** `v0=` and 64 hex digits. */
  readonly value: string
}

/** Reads the signature before anything of the body is read. @throws Problem `chat.bad_signature` */
export function readSignature(message: IncomingMessage, now: number): SlackSignature {
  const [timestamp = '', ...times] = headerValues(message, 'x-slack-request-timestamp')
  const [value = '', ...values] = headerValues(message, 'x-slack-signature')
  if (times.length + values.length > 0 || !/^v0=[\da-f]{64}$/.test(value)) throw badSignature()
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(now - Number(timestamp) * 1000) > MAX_AGE_MS)
    throw badSignature()
  return { timestamp, value }
}

/**
 * Checks a signature over the bytes that came, in constant time (Slack, "Verifying requests from Slack").
 * @throws Problem `chat.bad_signature`
 */
export function checkSignature(
  secret: Secret,
  { timestamp, value }: SlackSignature,
  body: Uint8Array,
): void {
  const mac = createHmac('sha256', secret.reveal()).update(`v0:${timestamp}:`).update(body)
  if (!sameBytes(Buffer.from(value), Buffer.from(`v0=${mac.digest('hex')}`))) throw badSignature()
}

/** One problem for all: a stranger learns nothing from it. */
export function badSignature(): Problem {
  return new SlackProblem(
    'chat.bad_signature',
    'this was not signed by Slack, a moment ago, for once',
  )
}
