/** Metrics and traces by the SDK of OpenTelemetry. Loaded only where a setting asks for them. */
export { METRICS, prometheusName } from './metrics.ts'
export { MetricsPage } from './prometheus.ts'
export { Telemetry, type TelemetryOptions } from './telemetry.ts'
