import { newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import { consumeOnce } from '../../platform/storage/index.ts'
import { DeliveryError } from '../../platform/webhooks/index.ts'
import type { NotificationParts } from './parts.ts'
import type { ChannelRoute } from './routes.ts'

/** Time in ms in which a person gets one test message by a channel. */
const ONE_IN_MS = MINUTE

/**
 * Sends a message to try a channel. `by`: id of the person who asks for it.
 * @throws Problem `notification.too_often`, `notification.not_sent`
 */
export async function sendTest(
  { clock, random, storage }: Pick<NotificationParts, 'clock' | 'random' | 'storage'>,
  route: ChannelRoute,
  by: string,
): Promise<void> {
  const now = clock.now()
  const slot = Math.floor(now / ONE_IN_MS)
  const key = `${by} ${route.channel} ${slot}`
  const first = await storage.transaction((tx) =>
    consumeOnce(tx, 'test message', key, now + ONE_IN_MS),
  )
  if (!first) throw new Problem('notification.too_often', 'one test message a minute is sent')
  await route
    .send({
      ...{ id: newId('delivery', random), more: 0, sentAt: now },
      announcements: [
        {
          ...{ recipients: [], title: 'A test message', agent: '' },
          ...{ sentence: 'You asked for this message. Nothing waits for you.', facts: [] },
          ...{ path: '/notifications', expiresAt: null },
        },
      ],
    })
    .catch((error: unknown) => {
      if (error instanceof DeliveryError) throw new Problem('notification.not_sent', error.told)
      throw error
    })
}
