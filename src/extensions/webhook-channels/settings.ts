import { oneOf, setting } from '../../platform/lib/setting.ts'

export const WEBHOOK_SETTINGS = {
  personalWebhooks: setting(
    'REMIT_PERSONAL_WEBHOOKS',
    'off',
    'Whether people may add webhooks for themselves: `on` or `off`. Administrators may add them for groups in any case. A webhook is told what its owner may see.',
    oneOf('off', 'on'),
  ),
} as const
