import {
  oneOf,
  optional,
  readBetween,
  readListen,
  readWords,
  setting,
} from '../../platform/lib/setting.ts'

/** Settings of metrics and traces, which are off by default. */
export const TELEMETRY_SETTINGS = {
  metricsListen: optional(
    'REMIT_METRICS_LISTEN',
    'Address and port at which Prometheus reads metrics, at `/metrics`, such as `127.0.0.1:9464`. Everyone who reaches it can read them: they contain no secrets, but show how much happens. Not set: off.',
    readListen,
  ),
  otlp: setting(
    'REMIT_OTLP',
    '',
    'What Remit sends to an OpenTelemetry collector (OTLP over HTTP), separated by spaces: `metrics`, `traces`. The variables of OpenTelemetry say where and how: `OTEL_EXPORTER_OTLP_ENDPOINT` (without it `http://localhost:4318`), `OTEL_EXPORTER_OTLP_HEADERS`, `OTEL_SERVICE_NAME`, `OTEL_RESOURCE_ATTRIBUTES`, `OTEL_BSP_…`. Empty: nothing.',
    readWords(['metrics', 'traces']),
  ),
  metricExportInterval: setting(
    'OTEL_METRIC_EXPORT_INTERVAL',
    '60000',
    'Milliseconds between two exports of metrics to the collector.',
    readBetween(1_000, 3_600_000),
  ),
  tracePercent: setting(
    'REMIT_TRACE_PERCENT',
    '10',
    'How many of 100 requests are traced, at random; at most 100 requests in a second in any case. The `traceparent` of a caller has no influence on it.',
    readBetween(0, 100),
  ),
  traceCallers: setting(
    'REMIT_TRACE_CALLERS',
    'linked',
    'How a traced request uses the `traceparent` of its caller. `linked`: Remit begins a trace of its own with a link to it, and the API sees nothing that the caller chose. `joined`: Remit and the API continue the trace of the caller, with its `tracestate`. Use `joined` only if all agents are yours.',
    oneOf('linked', 'joined'),
  ),
} as const
