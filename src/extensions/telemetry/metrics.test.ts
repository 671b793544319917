import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { parse } from 'yaml'
import { METRICS, prometheusName } from './metrics.ts'

const FOLDER = new URL('../../../deploy/observability/', import.meta.url)
const read = (name: string) => readFileSync(new URL(name, FOLDER), 'utf8')

/** Names of the series that Prometheus has of each metric. */
const SERIES = new Set(
  Object.entries(METRICS).flatMap(([name, [kind, unit]]) => {
    const base = prometheusName(name, unit)
    if (kind === 'counter') return [`${base}_total`]
    if (kind === 'histogram') return ['_bucket', '_sum', '_count'].map((end) => base + end)
    return [base]
  }),
)

/** Names of metrics in an expression of PromQL: what is no label, no function and no word of the language. */
function metricsIn(expression: string): readonly string[] {
  const bare = expression
    .replace(/"[^"]*"/g, '')
    .replace(/\{[^}]*\}|\[[^\]]*\]/g, '')
    .replace(/\b(?:by|without)\s*\([^)]*\)/g, '')
  return [...bare.matchAll(/\b[a-z]\w*\b(?!\s*\()/g)]
    .map(([name]) => name)
    .filter((name) => !['or', 'and', 'unless'].includes(name))
}

interface Rule {
  readonly alert: string
  readonly expr: string
}

interface Panel {
  readonly title: string
  readonly targets?: readonly { readonly expr: string }[]
}

function rules(): readonly Rule[] {
  return parse(read('alerts.yaml')).groups.flatMap(({ rules }: { rules: readonly Rule[] }) => rules)
}

function panels(): readonly Panel[] {
  return JSON.parse(read('dashboard.json')).panels
}

describe('metrics', () => {
  it('have the names that Prometheus wants', () => {
    for (const name of SERIES) assert.match(name, /^[a-z][a-z0-9]*(?:_[a-z0-9]+)+$/)
    assert.equal(prometheusName('remit.lease.age', 's'), 'remit_lease_age_seconds')
    assert.equal(prometheusName('remit.disk.free', 'By'), 'remit_disk_free_bytes')
    assert.equal(prometheusName('remit.decisions', '{decision}'), 'remit_decisions')
  })

  it('exist, when an alert names them', () => {
    assert.ok(rules().length > 10)
    for (const { alert, expr } of rules()) {
      const named = metricsIn(expr)
      assert.ok(named.length > 0, alert)
      for (const name of named) assert.ok(name === 'up' || SERIES.has(name), `${alert}: ${name}`)
    }
  })

  it('exist, when the dashboard names them', () => {
    assert.ok(panels().length > 20)
    for (const { targets = [], title } of panels())
      for (const { expr } of targets) {
        const named = metricsIn(expr)
        assert.ok(named.length > 0, title)
        for (const name of named) assert.ok(SERIES.has(name), `${title}: ${name}`)
      }
  })

  it('are on the dashboard, when an alert is about them', () => {
    const drawn = new Set(
      panels().flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => metricsIn(expr))),
    )
    for (const { alert, expr } of rules())
      for (const name of metricsIn(expr))
        assert.ok(name === 'up' || drawn.has(name), `${alert}: ${name}`)
  })

  it('are described on the page about monitoring', () => {
    const page = readFileSync(
      new URL('../../../docs/operations/monitoring.md', import.meta.url),
      'utf8',
    )
    for (const [name, [kind, unit]] of Object.entries(METRICS)) {
      const full = prometheusName(name, unit) + (kind === 'counter' ? '_total' : '')
      assert.ok(page.includes(`\`${full}\``), full)
    }
    for (const [, alert = ''] of read('alerts.yaml').matchAll(/alert: (\w+)/g))
      assert.ok(page.includes(`\`${alert}\``), alert)
  })
})
