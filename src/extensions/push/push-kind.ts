import { createECDH } from 'node:crypto'
import type { PushSubscription } from 'web-push'
import type { ChannelKind } from '../../identity/notifications/index.ts'
import type { MasterKey } from '../../platform/keys/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { type PostParts, postTo } from '../../platform/webhooks/index.ts'
import { pushPayload, secondsLeft } from './payload.ts'
import { readSubscription } from './subscription.ts'

export interface PushParts extends PostParts {
  readonly master: Pick<MasterKey, 'derive'>
  /** `mailto:` or `https:` address at which a push service reaches the operator (RFC 8292 section 2.1). */
  readonly contact: string
}

/** Kind of a browser that shows notifications (RFC 8030). Its address is made by the script of the page. */
export function pushKind(parts: PushParts): ChannelKind {
  // Kept sealed with the first start, and the same for ever: browsers are subscribed to it.
  const privateKey = parts.master.derive('web push')
  const curve = createECDH('prime256v1')
  curve.setPrivateKey(privateKey)
  const publicKey = base64url(curve.getPublicKey())
  const vapidDetails = {
    ...{ subject: parts.contact, publicKey, privateKey: base64url(privateKey) },
  }
  return {
    ...{ name: 'push', title: 'Browser', owners: ['person'], publicKey },
    read(typed) {
      const { browser, ...subscription } = readSubscription(typed, parts)
      return { label: browser, settings: JSON.stringify(subscription) }
    },
    async send(settings, message) {
      // Loaded with the first message: most starts send none.
      const { default: webPush } = await import('web-push')
      const subscription = JSON.parse(settings) as PushSubscription // as: written above
      const { body, endpoint, headers } = webPush.generateRequestDetails(
        subscription,
        JSON.stringify(pushPayload(message)),
        { vapidDetails, TTL: secondsLeft(message), urgency: 'high' },
      )
      await postTo(parts, endpoint, {
        headers: sentHeaders(headers),
        body: new Uint8Array(body ?? []),
        goneWhenMissing: true,
      })
      return undefined
    },
  }
}

/** Headers, as texts; the length follows from the body. */
function sentHeaders(headers: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => name.toLowerCase() !== 'content-length')
      .map(([name, value]) => [name, String(value)]),
  )
}
