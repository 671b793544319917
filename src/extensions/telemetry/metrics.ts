/** Kind of a metric, unit (UCUM), and meaning. */
type MetricDefinition = readonly [
  kind: 'counter' | 'gauge' | 'histogram' | 'updown',
  unit: string,
  description: string,
]

/**
 * All metrics by their OpenTelemetry names. Names that do not begin with `remit.` are those of
 * OpenTelemetry's semantic conventions.
 * INVARIANT: the values of every attribute are of a set that Remit or its administrators made:
 * edges, routes, codes, resources, connections. Never an id of a task, a person or an agent, and nothing that a
 * caller wrote.
 */
export const METRICS = {
  'http.server.request.duration': [
    'histogram',
    's',
    'Time from a request to the end of its answer.',
  ],
  'http.server.active_requests': ['updown', '{request}', 'Requests whose answers have not ended.'],
  'rpc.server.call.duration': ['histogram', 's', 'Time from a call by gRPC to its answer.'],
  'remit.problems': ['counter', '{problem}', 'Problems that callers were told, by code.'],
  'remit.decisions': [
    'counter',
    '{decision}',
    'Decisions that were recorded, by outcome and reason.',
  ],
  'remit.refusals.unrecorded': [
    'counter',
    '{refusal}',
    'Refusals without a record of their own: of strangers, repeated ones, and those that were lost.',
  ],
  'remit.calls.ended': ['counter', '{call}', 'Permitted calls, by how they ended and why.'],
  'remit.upstream.duration': ['histogram', 's', 'Time that APIs took for permitted calls.'],
  'db.client.operation.duration': ['histogram', 's', 'Time until the store had committed.'],
  'db.client.connection.count': ['updown', '{connection}', 'Connections to PostgreSQL.'],
  'db.client.connection.max': ['updown', '{connection}', 'Most connections to PostgreSQL.'],
  'db.client.connection.pending_requests': [
    'updown',
    '{request}',
    'Work that waits for a connection.',
  ],
  'remit.storage.writes': ['gauge', '{write}', 'Writes that have not been answered.'],
  'remit.lease.age': ['gauge', 's', 'Time since this server renewed its lease.'],
  'remit.ledger.lag': ['gauge', 's', 'Time since records got positions and were signed.'],
  'remit.ledger.waiting': ['gauge', '{record}', 'Records that wait for a position.'],
  'remit.ledger.records': ['gauge', '{record}', 'Records in the newest tree that was signed.'],
  'remit.ledger.damaged': [
    'gauge',
    '',
    '1 if a record was found that is not the one in the tree, 0 if not.',
  ],
  'remit.requests.waiting': [
    'gauge',
    '{request}',
    'Access requests and token requests that wait for people.',
  ],
  'remit.outbox.overdue': [
    'gauge',
    's',
    'Time for which the oldest message to people has been due.',
  ],
  'remit.outbox.failing': [
    'gauge',
    '{message}',
    'Messages to people that failed, and are tried again.',
  ],
  'remit.connection.expiry': [
    'gauge',
    's',
    'Time until the credential of a connection expires, where that is known; below 0 afterwards.',
  ],
  'remit.disk.free': ['gauge', 'By', 'Free bytes where the embedded database is.'],
  'remit.disk.reserve': ['gauge', 'By', 'Bytes below which calls are refused.'],
  'remit.health': ['gauge', '', '1 if a check of readiness passes, 0 if not.'],
  'remit.measurement.age': [
    'gauge',
    's',
    'Time since waiting requests, outbox, ledger and health were looked at.',
  ],
  'remit.build.info': ['gauge', '', 'Always 1; the labels say what runs.'],
  'nodejs.eventloop.delay.p50': ['gauge', 's', 'Median delay of the event loop.'],
  'nodejs.eventloop.delay.p99': ['gauge', 's', '99th percentile of the delay of the event loop.'],
  'nodejs.eventloop.delay.max': ['gauge', 's', 'Longest delay of the event loop.'],
  'nodejs.eventloop.utilization': ['gauge', '1', 'Share of time in which the event loop worked.'],
  'process.memory.usage': ['updown', 'By', 'Resident memory.'],
  'v8js.memory.heap.used': ['updown', 'By', 'Memory in use, by space of the heap.'],
  'process.cpu.time': ['counter', 's', 'Processor time.'],
  'process.uptime': ['gauge', 's', 'Time since the process started.'],
} as const satisfies Readonly<Record<string, MetricDefinition>>

export type MetricName = keyof typeof METRICS

/** Names of Prometheus for units (OpenTelemetry, "Prometheus and OpenMetrics Compatibility"). */
const UNITS: Readonly<Record<string, string>> = { s: 'seconds', By: 'bytes', 1: 'ratio' }

/** Name of a metric in Prometheus, without `_total`, `_bucket`, `_sum`, `_count`. */
export function prometheusName(name: string, unit: string): string {
  const suffix = UNITS[unit]
  const base = name.replaceAll('.', '_')
  return suffix === undefined || base.endsWith(`_${suffix}`) ? base : `${base}_${suffix}`
}
