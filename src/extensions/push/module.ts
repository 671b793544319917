import type { Module } from '../module.ts'
import { PUSH_SETTINGS } from './settings.ts'

/** Browsers show notifications (web push). */
export const PUSH: Module<typeof PUSH_SETTINGS> = {
  name: 'push',
  settings: PUSH_SETTINGS,
  async open({ master, messages: outbound, settings }) {
    const { pushContact: contact, webhookOrigins: origins } = settings
    if (contact === undefined) return {}
    const { pushKind } = await import('./push-kind.ts')
    return { channels: [pushKind({ master, outbound, origins, contact })] }
  },
}
