// `node bench/replay/run.ts`: how long a million recorded decisions take to be decided again, beside reading them and nothing else.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { CallFacts } from '@remit/engine'
import { recordedPages } from '../../src/extensions/analysis/replay/recorded-pages.ts'
import { replay } from '../../src/extensions/analysis/replay/replay.ts'
import { openStorage, type Storage } from '../../src/platform/storage/index.ts'
import { schemaFor } from '../../src/policy/policy/index.ts'
import { ORDERS_PLAN, REFUND_DESK } from '../../src/policy/policy/testing.ts'
import { inputsOf } from '../../src/tasks/decision-log/inputs.ts'
import { RecordedSettings } from '../../src/tasks/decision-log/setting.ts'
import { describeMachine } from '../harness/machine.ts'
import { readOptions } from '../harness/options.ts'
import { publish } from '../harness/publish.ts'
import { Rounds, ratio } from '../harness/results.ts'

const PEOPLE = 200
const LOCATION = 'http://127.0.0.1:7481/orders'
const STRICTER = `${REFUND_DESK}
@id("no-reading") forbid (principal is Agent, action == Action::"orders.read", resource);`

const options = readOptions({ seconds: 1, rounds: 3 }, [])
const count = options.isTry ? 100_000 : 1_000_000
const machine = describeMachine(false)
const rounds = new Rounds()
const directory = mkdtempSync(join(tmpdir(), 'remit-bench-'))
const ALL = { since: 0, until: Number.MAX_SAFE_INTEGER }
const READING = 'reading alone'
const SAME = 'a draft that says the same'
const OTHER = 'a draft that forbids two thirds'
try {
  await (await openStorage({ kind: 'sqlite', directory, migrate: true })).close()
  seed(join(directory, 'remit.db'))
  const storage = await openStorage({ kind: 'sqlite', directory, migrate: false })
  for (let round = 0; round < options.rounds; round++) {
    await measure(READING, () => readAll(storage))
    await measure(SAME, () => decideAll(storage, REFUND_DESK))
    await measure(OTHER, () => decideAll(storage, STRICTER))
  }
  await storage.close()
} finally {
  rmSync(directory, { recursive: true })
}
report()

/** Calls of `refund-bot` for different people: two thirds read, the rest refunds, and every tenth of those is large. */
function seed(path: string): void {
  const db = new DatabaseSync(path)
  const settings = new RecordedSettings()
  const people = Array.from({ length: PEOPLE }, (_, i) => factsOf(i))
  const putSetting = db.prepare('INSERT OR IGNORE INTO decision_settings VALUES (?, ?)')
  const put = db.prepare(
    `INSERT INTO decisions (id, task_id, agent_id, resource, action, outcome, reason, call_hash, policy_version, explanation,
       state, replica_id, at, inputs, setting) VALUES (?, ?, 'refund-bot', 'orders', ?, ?, ?, ?, 1, '{}', 'answered', 'rpl_1', ?, ?, ?)`,
  )
  const begin = Date.parse('2026-11-01T00:00:00Z')
  db.exec('BEGIN')
  for (let i = 0; i < count; i++) {
    const whose = people[i % PEOPLE]
    if (!whose) continue
    const at = begin + i * 500
    const reads = i % 3 !== 0
    const large = !reads && i % 30 === 0
    const facts = callOf(whose, reads ? undefined : `${large ? 900 : i % 100}.00`, at)
    const { digest, unstored } = settings.of(facts)
    if (unstored !== undefined) putSetting.run(digest, unstored)
    const [outcome, reason] = large ? ['requestable', 'approval.required'] : ['permit', 'permitted']
    put.run(
      `dec_${i}`,
      `tsk_${i % PEOPLE}`,
      facts.call.action,
      outcome,
      reason,
      `hash_${i}`,
      at,
      inputsOf(facts, at),
      digest,
    )
  }
  db.exec('COMMIT')
  db.close()
}

function factsOf(i: number): CallFacts {
  const id = `psn_${String(i).padStart(22, '0')}`
  const person = { type: 'Person', id }
  const group = { type: 'Group', id: 'support' }
  return {
    credential: { gate: 'credential', passed: true, detail: '' },
    liveness: { gate: 'liveness', passed: true, detail: '' },
    details: [
      {
        type: 'remit_call',
        locations: [LOCATION],
        actions: ORDERS_PLAN.actions.map(({ name }) => name),
        bounds: [{ path: '/order_id', op: 'eq', value: String(1000 + i) }],
      },
    ],
    call: {
      ...{ location: LOCATION, resource: 'orders', action: 'orders.read', risk: 'low' },
      arguments: new Map([['order_id', { kind: 'string', value: String(1000 + i) }]]),
    },
    kindOf: () => 'string',
    person: {
      uid: person,
      attributes: { issuer: 'https://idp.example', subject: `user-${i}` },
      parents: [group],
    },
    sponsored: false,
    intersectWith: [],
    agents: [
      {
        uid: { type: 'Agent', id: 'refund-bot' },
        attributes: { trust: { integer: '3' }, owner: { entity: person } },
        parents: [],
      },
    ],
    entities: [
      { uid: group, attributes: {}, parents: [] },
      { uid: { type: 'Resource', id: 'orders' }, attributes: {}, parents: [] },
    ],
    context: {},
    ...{ external: [], lifted: [], budgets: [], obligations: [], doable: [] },
  }
}

function callOf(facts: CallFacts, amount: string | undefined, at: number): CallFacts {
  const risk = amount === undefined ? 'low' : 'high'
  const order = facts.call.arguments.get('order_id')
  const args = new Map(order ? [['order_id', order]] : [])
  return {
    ...facts,
    call: {
      ...facts.call,
      risk,
      action: amount === undefined ? 'orders.read' : 'orders.refund',
      arguments:
        amount === undefined
          ? args
          : new Map([...args, ['amount', { kind: 'decimal', text: amount }]]),
    },
    context: {
      now: { datetime: new Date(at).toISOString() },
      risk: {
        record: {
          class: risk,
          score: { integer: '20' },
          signals: { set: [`class.${risk}`] },
          external: { set: [] },
          firstForAgent: false,
          firstForAction: false,
          callsLastMinute: { integer: '3' },
          hour: { integer: '12' },
          hourUtc: { integer: '12' },
        },
      },
      requester: { entity: facts.person.uid },
      participants: { set: [] },
      task: { record: { id: 'tsk_0000000000000000000000', purpose: 'refund an order' } },
      token: { record: { bound: true } },
      origin: { record: { ip: '192.0.2.7' } },
    },
  }
}

async function readAll(storage: Storage): Promise<string> {
  let rows = 0
  for await (const page of recordedPages(storage.read, ALL)) rows += page.rows.length
  return `${rows} rows`
}

async function decideAll(storage: Storage, text: string): Promise<string> {
  const schema = schemaFor(ORDERS_PLAN.actions)
  const report = await replay(storage.read, {
    ...ALL,
    sets: {
      live: { version: 1, text: REFUND_DESK, schema },
      draft: { version: -1, text, schema },
      asPublished: true,
    },
    progress: () => {},
    signal: new AbortController().signal,
  })
  const { asks, decided, denied, permitted, same } = report
  if (decided !== count) throw new Error(`only ${decided} could be decided again`)
  return `${same} the same, ${denied} denied, ${permitted} permitted, ${asks} asking`
}

async function measure(name: string, work: () => Promise<string>): Promise<void> {
  const [cpu, began] = [process.cpuUsage(), performance.now()]
  const found = await work()
  const { system, user } = process.cpuUsage(cpu)
  const seconds = (performance.now() - began) / 1000
  const core = (system + user) / 1_000_000
  console.log(
    `${name}: ${found}; ${core.toFixed(1)} s of one core, ${seconds.toFixed(1)} s by the clock`,
  )
  rounds.addMeasure(name, 'a million on one core', 's', (core * 1_000_000) / count)
  rounds.addMeasure(name, 'a million by the clock', 's', (seconds * 1_000_000) / count)
}

function report(): void {
  const core = (name: string) => rounds.getMeasure(name, 'a million on one core')
  publish(
    {
      benchmark: 'replay',
      says: `Recorded decisions decided again: read in pages from SQLite by the server's thread, decided in another; what both take of a core is added up.
Calls of one agent for ${PEOPLE} people, by the policies of the sample.`,
      machine,
      settings: { decisions: count, people: PEOPLE },
      series: rounds.all(),
      findings: [SAME, OTHER].map((name) => ({
        name: `${name}: time of reading alone in it`,
        value: ratio(core(READING), core(name)),
        unit: '',
      })),
    },
    options,
  )
}
