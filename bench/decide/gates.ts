// All gates of a call, in a process of its own: which engine, seconds. A person and an agent, the policies that the sample starts with.
import { type CallFacts, type Decision, decide, type TypedValue } from '@remit/engine'
import { loadPolicySet, schemaFor } from '../../src/policy/policy/index.ts'
import type { PolicyEngine } from '../../src/policy/policy/load.ts'
import {
  BOT,
  context,
  entities,
  ORDERS_PLAN,
  REFUND_DESK,
  SAM,
} from '../../src/policy/policy/testing.ts'

const [engine = 'compiled', wantedSeconds = '1'] = process.argv.slice(2)
const AT_ONCE = 200
const LOCATION = 'https://gw.example/orders'
const source = { version: 1, text: REFUND_DESK, schema: schemaFor(ORDERS_PLAN.actions) }
const policies = loadPolicySet(source, engine as PolicyEngine) // as: one of them, given by run.ts

/** Facts of a call of their own: what an engine keeps of one call is of no use to the next. */
function facts(amount: string): CallFacts {
  const passed = (gate: 'credential' | 'liveness') => ({ gate, passed: true, detail: '' })
  const all = entities()
  const named = (id: string) => all.find(({ uid }) => uid.id === id) ?? missing(id)
  const { args: _, ...rest } = context({})
  const arguments_ = new Map<string, TypedValue>([
    ['order_id', { kind: 'string', value: '1042' }],
    ['amount', { kind: 'decimal', text: amount }],
  ])
  return {
    credential: passed('credential'),
    liveness: passed('liveness'),
    details: [
      {
        type: 'remit_call',
        locations: [LOCATION],
        actions: ['orders.read', 'orders.refund'],
        bounds: [{ path: '/amount', op: 'lte', value: '1000.00' }],
      },
    ],
    call: {
      location: LOCATION,
      resource: 'orders',
      action: 'orders.refund',
      risk: 'high',
      arguments: arguments_,
    },
    kindOf: (_location, _action, path) => (path === '/amount' ? 'decimal' : 'string'),
    person: named(SAM.id),
    sponsored: false,
    intersectWith: [],
    agents: [named(BOT.id)],
    entities: all,
    context: rest,
    external: [],
    lifted: [],
    budgets: [{ name: 'calls', left: true, detail: '3 of 10 left' }],
    obligations: [],
    doable: [],
  }
}

function missing(id: string): never {
  throw new Error(`the sample has no ${id}`)
}

/** Nanoseconds of each call, sorted. */
function timed(amount: string, outcome: Decision['outcome'], ms: number): number[] {
  const laps: number[] = []
  const until = performance.now() + ms
  while (performance.now() < until) {
    for (const each of Array.from({ length: AT_ONCE }, () => facts(amount))) {
      const start = process.hrtime.bigint()
      const decision = decide(each, policies)
      laps.push(Number(process.hrtime.bigint() - start))
      if (decision.outcome !== outcome)
        throw new Error(`${decision.outcome}: ${JSON.stringify(decision.gates)}`)
    }
  }
  return laps.sort((a, b) => a - b)
}

function measured(amount: string, outcome: Decision['outcome']) {
  timed(amount, outcome, 250 * Number(wantedSeconds))
  const laps = timed(amount, outcome, 1000 * Number(wantedSeconds))
  const at = (share: number) => laps[Math.floor(share * (laps.length - 1))]
  return { p50: at(0.5), p99: at(0.99) }
}

const result = {
  'all gates': measured('40.00', 'permit'),
  'all gates, people are asked': measured('400.00', 'requestable'),
}
process.stdout.write(`${JSON.stringify(result)}\n`)
