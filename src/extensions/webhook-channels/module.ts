import type { Module } from '../module.ts'
import { WEBHOOK_SETTINGS } from './settings.ts'

/** Webhooks tell people and groups: signed ones, and those of Teams, Slack and ntfy. */
export const WEBHOOK_CHANNELS: Module<typeof WEBHOOK_SETTINGS> = {
  name: 'webhook channels',
  settings: WEBHOOK_SETTINGS,
  async open({ messages: outbound, random, settings }) {
    const { issuer, personalWebhooks, webhookOrigins: origins } = settings
    const { webhookKinds } = await import('./webhook-kind.ts')
    const owners = personalWebhooks === 'on' ? (['group', 'person'] as const) : (['group'] as const)
    return { channels: webhookKinds({ issuer, random, outbound, origins, owners }) }
  },
}
