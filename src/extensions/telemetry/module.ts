import type { Module } from '../module.ts'
import { TELEMETRY_SETTINGS } from './settings.ts'

/** Metrics and traces by the SDK of OpenTelemetry, which is loaded only where a setting asks for it. */
export const TELEMETRY: Module<typeof TELEMETRY_SETTINGS> = {
  name: 'telemetry',
  settings: TELEMETRY_SETTINGS,
  listeners: ({ metricsListen }) => [['REMIT_METRICS_LISTEN', metricsListen]],
  async observe({ release, settings, ...ground }) {
    if (!settings.metricsListen && settings.otlp.length === 0) return undefined
    const { Telemetry } = await import('./telemetry.ts')
    return new Telemetry({ ...ground, ...settings, release: await release() })
  },
  async gather({ log, settings, texts }) {
    if (!settings.metricsListen) return undefined
    const { listenForMetrics } = await import('./gathered-metrics.ts')
    return listenForMetrics(settings.metricsListen, texts, log)
  },
  open: async () => ({}),
}
