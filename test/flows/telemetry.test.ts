import assert from 'node:assert/strict'
import { after, it } from 'node:test'
import { METRICS, prometheusName } from '../../src/extensions/telemetry/metrics.ts'
import { withEnvironment } from '../environment.ts'
import { until } from '../until.ts'
import { startUpstream } from '../upstream.ts'
import { send } from '../wire.ts'
import { inOneWorld } from '../world.ts'

/** Stands in for an OpenTelemetry collector. */
const collector = await startUpstream()
withEnvironment({
  OTEL_EXPORTER_OTLP_ENDPOINT: collector.origin,
  OTEL_BSP_SCHEDULE_DELAY: '20',
})
collector.answer = (_, reply) => reply.setHeader('content-type', 'application/json').end('{}')
after(() => collector.close())

interface SentSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly name: string
  readonly kind: number
  readonly attributes: readonly { readonly key: string; readonly value: Record<string, unknown> }[]
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[]
}

function spansSent(): readonly SentSpan[] {
  return collector.reached.flatMap(({ body, target }) => {
    assert.equal(target, '/v1/traces')
    const { resourceSpans } = JSON.parse(body)
    return resourceSpans.flatMap(({ scopeSpans }: { scopeSpans: { spans: SentSpan[] }[] }) =>
      scopeSpans.flatMap(({ spans }) => spans),
    )
  })
}

/** All spans of a trace, once that of its request was sent, and those of these names: some end after the answer. */
function traceSent(traceId: string, ...names: readonly string[]): Promise<readonly SentSpan[]> {
  return until(async () => {
    const found = spansSent().filter((each) => each.traceId === traceId)
    const hasAll = names.every((name) => found.some((each) => each.name === name))
    return hasAll && found.some(({ kind }) => kind === SERVER) ? found : undefined
  })
}

/** `SpanKind` of OTLP. */
const SERVER = 2
const CALLER = `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`

const settings = {
  REMIT_METRICS_LISTEN: '127.0.0.1:0',
  REMIT_OTLP: 'traces',
  REMIT_TRACE_PERCENT: '100',
}

inOneWorld(
  'telemetry',
  (world) => {
    const scrape = async () => {
      const answer = await send(world().metrics)
      assert.equal(answer.status, 200)
      return answer.text
    }
    /** Values of a metric whose line has all of these texts. */
    const valuesOf = (text: string, name: string, ...labels: readonly string[]) =>
      text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => labels.every((label) => line.includes(label)))
        .map((line) => Number(line.split(' ').at(-1)))

    /** No more than a hundred requests of a second are traced. */
    const inNextSecond = () => {
      world().clock.advance(1_000)
      return world()
    }

    it('counts requests by edge, decisions by reason, and calls by how they ended', async () => {
      const w = world()
      const task = await w.open()
      assert.equal((await w.agent.call(task, 'GET', '/echo/things/7')).status, 200)
      assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042')).status, 200)
      assert.equal((await send(`${w.gateway}/orders/orders/1042`)).status, 401)
      const counted = await until(async () => {
        const text = await scrape()
        const ended = valuesOf(text, 'remit_calls_ended_total', 'state="answered"', 'reason="none"')
        return ended[0] === 2 ? text : undefined
      })
      const count = 'http_server_request_duration_seconds_count'
      const at = (edge: string, status: string) =>
        valuesOf(counted, count, `remit_edge="${edge}"`, `http_response_status_code="${status}"`)
      assert.ok((at('token', '200')[0] ?? 0) >= 2)
      assert.deepEqual(valuesOf(counted, 'remit_decisions_total', 'outcome="permit"'), [2])
      const gateway = await until(async () => {
        const text = await scrape()
        const named = valuesOf(text, count, 'http_route="/echo"', 'http_response_status_code="200"')
        const refused = valuesOf(text, count, 'remit_edge="gateway"', '_status_code="401"')
        return named[0] === 1 && refused[0] === 1 ? text : undefined
      })
      assert.deepEqual(valuesOf(gateway, 'remit_problems_total', 'code="token.missing"'), [1])
      assert.deepEqual(valuesOf(gateway, 'remit_upstream_duration_seconds_count'), [2])
    })

    it('tells its state: every metric of the table is there, with its unit in its name', async () => {
      const w = world()
      const text = await scrape()
      const absent = Object.entries(METRICS)
        .map(([name, [kind, unit]]) => [prometheusName(name, unit), kind] as const)
        .filter(([name, kind]) => {
          const full =
            kind === 'counter' ? `${name}_total` : kind === 'histogram' ? `${name}_count` : name
          return valuesOf(text, full).length === 0
        })
        .map(([name]) => name)
      const engine = w.rooms.storage.engine
      const onPostgres = ['remit_disk_free_bytes', 'remit_disk_reserve_bytes']
      const onSqlite = [
        'db_client_connection_count',
        'db_client_connection_max',
        'db_client_connection_pending_requests',
      ]
      // Nobody asks by gRPC here, and nobody said when a credential expires.
      const unasked = ['rpc_server_call_duration_seconds', 'remit_connection_expiry_seconds']
      assert.deepEqual(
        absent.toSorted(),
        [...(engine === 'sqlite' ? onSqlite : onPostgres), ...unasked].toSorted(),
      )
      assert.deepEqual(valuesOf(text, 'remit_build_info', `engine="${engine}"`, 'version="'), [1])
      assert.ok((valuesOf(text, 'remit_lease_age_seconds')[0] ?? -1) >= 0)
      for (const check of ['storage', 'disk', 'clock', 'ledger', 'signing keys', 'policies'])
        assert.equal(valuesOf(text, 'remit_health', `check="${check}"`).length, 1, check)
      assert.doesNotMatch(text, /\bNaN\b|undefined|# UNIT/)
    })

    it('has no series more, whatever strangers and agents write', async () => {
      const w = world()
      const task = await w.open()
      const once = async (i: number) => {
        const word = `hostile${i}`
        await send(`${w.issuer}/${word}?${word}=1`)
        await send(`${w.issuer}/api/v1/agents/${word}`, { method: 'GET' })
        await send(`${w.gateway}/${word}/x`)
        await send(`${w.gateway}/orders/${word}`, { method: 'PROPFIND' })
        await send(`${w.issuer}/oauth/token`, {
          method: 'POST',
          headers: [['Content-Type', 'application/x-www-form-urlencoded']],
          body: `grant_type=${word}&client_id=${word}&assertion=${word}`,
        })
        await w.agent.call(task, 'GET', `/echo/things/${word}`)
        await w.agent.call(task, 'GET', `/echo/${word}/nothing`)
      }
      const settled = () =>
        until(async () => {
          const text = await scrape()
          return valuesOf(text, 'http_server_active_requests').every((each) => each === 0)
            ? text
            : undefined
        })
      await once(0)
      // Of what requests cause. The store and the process have others, at times of their own.
      const seriesOf = (text: string) => text.match(/^(?:http|remit)_.*$/gm)?.length
      const before = seriesOf(await settled())
      for (let i = 1; i <= 12; i++) await once(i)
      const text = await settled()
      assert.equal(seriesOf(text), before)
      const { id } = await w.person('sam')
      for (const word of ['hostile', 'PROPFIND', task.id, id, 'refund-bot'])
        assert.ok(!text.includes(word), word)
    })

    it('answers at its own address only, and nothing else there', async () => {
      const w = world()
      for (const origin of [w.issuer, w.gateway])
        assert.equal((await send(`${origin}/metrics`)).status, 404)
      const { origin } = new URL(w.metrics)
      for (const path of [
        '/',
        '/metrics/',
        '/metrics?x',
        '/readyz',
        '/api/v1/agents',
        '/oauth/token',
      ])
        assert.equal((await send(origin + path)).status, 404, path)
      assert.equal((await send(w.metrics, { method: 'POST', body: 'x' })).status, 404)
    })

    it('is read while nothing can be written', async () => {
      const w = world()
      const { promise: begun, resolve: begin } = Promise.withResolvers<void>()
      const { promise: held, resolve: finish } = Promise.withResolvers<void>()
      const stuck = w.rooms.storage.transaction(() => {
        begin()
        return held
      })
      await begun
      const waiting = w.rooms.storage.commit([])
      try {
        const text = await scrape()
        assert.ok((valuesOf(text, 'remit_storage_writes')[0] ?? 0) >= 1)
      } finally {
        finish()
        await Promise.all([stuck, waiting])
      }
    })

    it('a traced call is one trace from the request to the API, and tells nothing but ids and codes', async () => {
      const w = inNextSecond()
      w.echo.forget()
      const task = await w.open({ purpose: 'purpose-of-sam' })
      const headers = [
        ['Traceparent', CALLER],
        ['Tracestate', 'evil=chosen-by-agent'],
      ] as const
      const answer = await w.agent.call(task, 'GET', '/echo/things/argument-of-sam', { headers })
      assert.equal(answer.status, 200)
      const [received] = w.echo.reached
      const [, traceId = '', parent] =
        /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(String(received?.headers.traceparent)) ?? []
      assert.notEqual(traceId, '')
      assert.ok(
        !JSON.stringify(received?.headers).includes('a1a1a1a1'),
        'nothing that the agent chose',
      )
      assert.equal(received?.headers.tracestate, undefined)
      const spans = await traceSent(
        traceId,
        'caller and whole body',
        'decision',
        'credential',
        'send and stream',
        'outcome',
        'store commit',
      )
      const root = spans.find(({ kind }) => kind === SERVER)
      assert.equal(root?.spanId, parent)
      assert.equal(root?.name, 'GET /echo')
      assert.equal(root.parentSpanId, undefined)
      assert.deepEqual(
        root.links?.map(({ spanId, traceId }) => [traceId, spanId]),
        [['a1'.repeat(16), 'b2'.repeat(8)]],
      )
      const attributes = Object.fromEntries(
        root.attributes.map(({ key, value }) => [key, Object.values(value)[0]]),
      )
      assert.equal(attributes['remit.decision.id'], answer.headers['remit-decision'])
      assert.equal(attributes['remit.decision.reason'], 'permitted')
      const decision = spans.find(({ name }) => name === 'decision')
      const below = spans.filter(({ parentSpanId }) => parentSpanId === decision?.spanId)
      assert.ok(
        below.some(({ name }) => name === 'store commit'),
        'a commit of the decision',
      )
      const { id } = await w.person('sam')
      const sent = JSON.stringify(spans)
      for (const secret of [
        'argument-of-sam',
        'purpose-of-sam',
        'chosen-by-agent',
        task.id,
        id,
        task.token,
      ])
        assert.ok(!sent.includes(secret), secret)
    })

    it('the token endpoint is traced, and its log line leads to the trace', async () => {
      const w = inNextSecond()
      const task = await w.open()
      const logged = () =>
        w.log
          .split('\n')
          .filter((line) => line.includes(`"route":"token endpoint"`))
          .map((line) => JSON.parse(line))
      const before = logged().length
      const answer = await w.agent.askToken(task, w.orders, {
        form: { resource: 'https://no.example' },
      })
      assert.equal(answer.status, 400)
      const line = await until(async () => logged()[before])
      const spans = await traceSent(line.trace_id)
      assert.ok(spans.some(({ name }) => name === 'POST /oauth/token'))
    })

    it('a trace context that is no such thing changes nothing', async () => {
      const w = inNextSecond()
      const task = await w.open()
      const bad = [
        'x'.repeat(8_000),
        `00-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01-${'c'.repeat(4_000)}`,
        `ff-${'a1'.repeat(16)}-${'b2'.repeat(8)}-01`,
        `00-${'0'.repeat(32)}-${'b2'.repeat(8)}-01`,
        `00-${'A1'.repeat(16)}-${'b2'.repeat(8)}-01`,
        '',
      ]
      for (const traceparent of bad) {
        w.echo.forget()
        const headers = [['Traceparent', traceparent]] as const
        const answer = await w.agent.call(task, 'GET', '/echo/things/7', { headers })
        assert.equal(answer.status, 200, traceparent.slice(0, 80))
        const sent = String(w.echo.reached[0]?.headers.traceparent)
        const [root] = (await traceSent(sent.split('-')[1] ?? '')).filter(
          ({ kind }) => kind === SERVER,
        )
        assert.deepEqual(root?.links ?? [], [])
      }
    })
  },
  { settings },
)
