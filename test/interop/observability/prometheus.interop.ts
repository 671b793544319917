import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { fileURLToPath } from 'node:url'
import { addConnection } from '../../../src/identity/connections/index.ts'
import { Secret } from '../../../src/platform/lib/secret.ts'
import { freePorts } from '../../ports.ts'
import { until } from '../../until.ts'
import { World } from '../../world.ts'
import { startServerProgram } from '../server-process.ts'

const FOLDER = fileURLToPath(new URL('../../../deploy/observability/', import.meta.url))

const NINETY_DAYS_MS = 90 * 24 * 60 * 60 * 1000

interface Sample {
  readonly metric: Readonly<Record<string, string>>
  readonly value: readonly [number, string]
}

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

/** Panels that show nothing as long as nothing goes wrong, or with the other engine. */
const MAY_BE_EMPTY = [
  'Connections to PostgreSQL',
  'Disk',
  'Errors (5xx)',
  'Reasons of denials',
  'Refused, because an API is busy',
]

describe('Prometheus as deploy/observability configures it', () => {
  let w: World
  before(async () => {
    w = await World.start('sqlite', { settings: { REMIT_METRICS_LISTEN: '127.0.0.1:0' } })
  })
  after(() => w?.stop())

  it('finds no mistake in the rules and the configuration', () => {
    for (const args of [
      ['check', 'rules', 'alerts.yaml'],
      ['check', 'config', 'prometheus.yaml'],
    ]) {
      const { status, stderr, stdout } = spawnSync('promtool', args, {
        cwd: FOLDER,
        encoding: 'utf8',
      })
      assert.equal(status, 0, stdout + stderr)
    }
  })

  it('reads the metrics, draws every panel of the dashboard, and has no alert when all is well', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'remit-prometheus-'))
    w.onStop(async () => rmSync(folder, { recursive: true, force: true }))
    cpSync(join(FOLDER, 'alerts.yaml'), join(folder, 'alerts.yaml'))
    const configuration = readFileSync(join(FOLDER, 'prometheus.yaml'), 'utf8')
    const read = configuration
      .replaceAll('127.0.0.1:9464', new URL(w.metrics).host)
      .replaceAll('15s', '1s')
    assert.notEqual(read, configuration)
    writeFileSync(join(folder, 'prometheus.yaml'), read)
    const [port = 0] = await freePorts(1)
    const origin = `http://127.0.0.1:${port}`
    w.onStop(
      await startServerProgram({
        ...{ name: 'Prometheus', program: 'prometheus', cwd: folder, startsWithinMs: 30_000 },
        args: [
          `--config.file=${join(folder, 'prometheus.yaml')}`,
          `--storage.tsdb.path=${join(folder, 'data')}`,
          `--web.listen-address=127.0.0.1:${port}`,
        ],
        url: `${origin}/-/ready`,
      }),
    )
    const ask = async (query: string): Promise<readonly Sample[]> => {
      const asked = new URLSearchParams({ query })
      const answer = await fetch(`${origin}/api/v1/query?${asked}`)
      const { data, error } = (await answer.json()) as {
        data: { result: Sample[] }
        error?: string
      } // as: the HTTP API of Prometheus
      assert.equal(error, undefined, query)
      return data.result
    }
    await addConnection(w.rooms.connections, {
      ...{
        name: 'billing-key',
        kind: 'bearer',
        secret: new Secret('sk_live_billing'),
        by: 'psn_test',
      },
      expiresAt: w.clock.now() + NINETY_DAYS_MS,
    })
    const task = await w.open()
    const call = async () => {
      assert.equal((await w.agent.call(task, 'GET', '/orders/orders/1042')).status, 200)
      assert.equal((await fetch(w.orders)).status, 401)
    }
    await call()
    const counted = (count: string) =>
      until(async () => {
        const [found] = await ask('remit_calls_ended_total{state="answered"}')
        return found?.value[1] === count ? found : undefined
      })
    const { metric } = await counted('1')
    assert.equal(metric.job, 'remit')
    await call()
    await counted('2')
    assert.deepEqual((await ask('up{job="remit"}'))[0]?.value[1], '1')
    const panels: readonly Panel[] = JSON.parse(
      readFileSync(join(FOLDER, 'dashboard.json'), 'utf8'),
    ).panels
    for (const { targets = [], title } of panels)
      for (const { expr } of targets) {
        const query = expr.replaceAll('$instance', '.*').replaceAll('$__rate_interval', '1m')
        const found = await ask(query)
        // A rate needs two readings, and the next one comes within a second.
        const drawn = async () => ((await ask(query)).length > 0 ? true : undefined)
        if (found.length === 0 && !MAY_BE_EMPTY.includes(title)) await until(drawn)
      }
    const rules = await fetch(`${origin}/api/v1/rules`)
    const { data } = (await rules.json()) as {
      data: {
        groups: { rules: { name: string; health: string; state: string; lastError?: string }[] }[]
      }
    } // as: the HTTP API of Prometheus
    const all = data.groups.flatMap(({ rules }) => rules)
    assert.ok(all.length > 10)
    for (const { lastError = '', name, state } of all) {
      assert.equal(lastError, '', name)
      assert.equal(state, 'inactive', name)
    }
  })
})
