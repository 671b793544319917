import type { MasterKey } from '../../platform/keys/index.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Outbound } from '../../platform/net/index.ts'
import type { ChannelKind } from './channel.ts'
import { pushKind } from './push/push-kind.ts'
import { webhookKinds } from './webhooks/webhook-kind.ts'

/** Settings that say which kinds of channel there are. */
export interface KindSettings {
  readonly personalWebhooks: 'on' | 'off'
  readonly pushContact: string | undefined
  readonly webhookOrigins: readonly string[]
}

/** Makes the kinds of channel that people and groups can add. */
export function channelKinds(
  { personalWebhooks, pushContact: contact, webhookOrigins: origins }: KindSettings,
  parts: {
    readonly issuer: string
    readonly master: Pick<MasterKey, 'derive'>
    readonly random: Random
    readonly outbound: Outbound
  },
): readonly ChannelKind[] {
  const owners = personalWebhooks === 'on' ? (['group', 'person'] as const) : (['group'] as const)
  return [
    ...(contact === undefined ? [] : [pushKind({ ...parts, origins, contact })]),
    ...webhookKinds({ ...parts, origins, owners }),
  ]
}
