import { createHmac } from 'node:crypto'
import { newId } from '../../../platform/lib/id.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { HOUR, MINUTE } from '../../../platform/lib/time-units.ts'
import { consumeOnce, type Tx } from '../../../platform/storage/index.ts'
import { DeliveryError } from '../../../platform/webhooks/index.ts'
import type { ChannelKind } from '../channel.ts'
import type { NotificationParts } from '../parts.ts'
import { routeBy } from '../routes.ts'
import { CODE_LIFE_MS, type OwnChannel } from './own-channel.ts'
import { confirmByCode, countTry, putCode } from './own-channel-store.ts'

const CODE_DIGITS = 6
/** Codes that a person has sent in an hour: each goes to an address whose owner has not agreed yet. */
const CODES_IN_AN_HOUR = 6

/** End of a code that did not arrive: long ago. */
export const NOT_SENT = 0

/**
 * Sends a code to a channel, which confirms it when it is typed.
 * @throws Problem `notification.too_often`, `notification.not_sent`
 */
export async function sendCode(
  parts: NotificationParts,
  { by, kind, own }: { readonly own: OwnChannel; readonly kind: ChannelKind; readonly by: string },
): Promise<void> {
  const now = parts.clock.now()
  const code = newCode(parts)
  const allowed = await parts.storage.transaction(async (tx) => {
    const turns = { what: 'channel code', by, now } as const
    if (!(await consumeAttempt(tx, { ...turns, most: 1, inMs: MINUTE }))) return false
    if (!(await consumeAttempt(tx, { ...turns, most: CODES_IN_AN_HOUR, inMs: HOUR }))) return false
    await putCode(tx, own.id, {
      digest: channelCodeDigest(parts, own, code),
      until: now + CODE_LIFE_MS,
    })
    return true
  })
  if (!allowed)
    throw new Problem('notification.too_often', 'one code a minute is sent, and six in an hour')
  await routeBy(parts, kind, own)
    .send({
      ...{ id: newId('delivery', parts.random), more: 0, sentAt: now },
      announcements: [
        {
          ...{ recipients: [], title: `Your code is ${code}`, agent: '', facts: [] },
          sentence: `Type ${code} where this channel was added. If you know of none, ignore this message.`,
          ...{ path: '/notifications', expiresAt: now + CODE_LIFE_MS },
        },
      ],
    })
    .catch(async (error: unknown) => {
      // INVARIANT: no one is told that a code was sent which was not.
      await parts.storage.transaction((tx) =>
        putCode(tx, own.id, { digest: channelCodeDigest(parts, own, code), until: NOT_SENT }),
      )
      if (error instanceof DeliveryError) throw new Problem('notification.not_sent', error.told)
      throw error
    })
}

interface Turn {
  readonly what: 'channel added' | 'channel code'
  readonly by: string
  readonly now: number
  readonly most: number
  readonly inMs: number
}

/** Counts an act of a person. False: there were as many as there may be in this minute or hour. */
export async function consumeAttempt(
  tx: Tx,
  { by, inMs, most, now, what }: Turn,
): Promise<boolean> {
  const from = Math.floor(now / inMs)
  for (let i = 0; i < most; i++)
    if (await consumeOnce(tx, what, `${by} ${inMs} ${i} ${from}`, (from + 1) * inMs)) return true
  return false
}

/**
 * Confirms a channel by the code that went to it: once, within ten minutes, in five tries.
 * @throws Problem `notification.wrong_code`
 */
export async function checkCode(
  parts: Pick<NotificationParts, 'clock' | 'master' | 'storage'>,
  own: OwnChannel,
  code: string,
): Promise<void> {
  const now = parts.clock.now()
  const digest = channelCodeDigest(parts, own, code.trim())
  // Never throws: a try that was wrong has to be stored.
  const confirmed = await parts.storage.transaction(
    async (tx) =>
      (await countTry(tx, own.id, now)) && (await confirmByCode(tx, { id: own.id, digest, now })),
  )
  if (!confirmed)
    throw new Problem(
      'notification.wrong_code',
      'this is not the code, or it is more than ten minutes old, or too many were tried',
    )
}

function newCode({ random }: Pick<NotificationParts, 'random'>): string {
  const number = new DataView(random.bytes(4).buffer).getUint32(0) % 10 ** CODE_DIGITS
  return String(number).padStart(CODE_DIGITS, '0')
}

/** A code is short, so its digest has a key. */
function channelCodeDigest(
  { master }: Pick<NotificationParts, 'master'>,
  { id }: Pick<OwnChannel, 'id'>,
  code: string,
): string {
  const key = master.derive('channel codes')
  return createHmac('sha256', key).update(`${id} ${code}`).digest('base64url')
}
