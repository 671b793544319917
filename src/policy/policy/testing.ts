import { readFileSync } from 'node:fs'
import { describe } from 'node:test'
import type { EntityRef, PolicyEntity, PolicyQuery, PolicyRecord, PolicySet } from '@remit/engine'
import type { Action } from '../../catalog/catalog/index.ts'
import { planImport } from '../../catalog/catalog/testing.ts'
import { loadPolicySet, POLICY_ENGINES, type PolicyEngine } from './load.ts'
import { schemaFor } from './schema.ts'

function readFixture(path: string): string {
  return readFileSync(new URL(path, import.meta.url), 'utf8')
}

export const DEFAULT_POLICIES = readFixture('../../../policies/default.cedar')
/** Policies that `remit dev` publishes, but for the rules about its MCP server (`DESK`). */
export const REFUND_DESK = `${DEFAULT_POLICIES}${readFixture('../../../policies/refund-desk.cedar')}`

export const DESK = readFixture('../../../policies/refund-notes.cedar')

export const ORDERS_PLAN = planImport(readFixture('../../programs/dev/orders/openapi.yaml'), {
  name: 'orders',
  identifier: 'http://127.0.0.1:7481/orders',
})

/** Plans the action `things.do` with these body members. */
export function actionsWith(properties: Record<string, unknown>): readonly Action[] {
  return planImport(
    {
      openapi: '3.1.0',
      info: { title: 'Things', version: '1' },
      servers: [{ url: 'http://127.0.0.1:1' }],
      paths: {
        '/things': {
          post: {
            'x-remit-action': 'do',
            requestBody: {
              content: { 'application/json': { schema: { type: 'object', properties } } },
            },
          },
        },
      },
    },
    { name: 'things', identifier: 'http://127.0.0.1:7481/things' },
  ).actions
}

export type Load = (text: string, actions?: readonly Action[]) => PolicySet

export function loader(engine: PolicyEngine): Load {
  return (text, actions = ORDERS_PLAN.actions) =>
    loadPolicySet({ version: 1, text, schema: schemaFor(actions) }, engine)
}

/** Loads a set as a server does by default. */
export const load: Load = (text, actions = ORDERS_PLAN.actions) =>
  loadPolicySet({ version: 1, text, schema: schemaFor(actions) })

/** Runs tests of what must hold whichever engine decides. */
export function forEachPolicyEngine(
  name: string,
  tests: (load: Load, engine: PolicyEngine) => void,
): void {
  for (const engine of POLICY_ENGINES)
    describe(`${name} (${engine})`, () => tests(loader(engine), engine))
}

export const SAM: EntityRef = { type: 'Person', id: 'psn_sam' }
export const BOT: EntityRef = { type: 'Agent', id: 'refund-bot' }

export function entities(
  change: { groups?: readonly string[]; trust?: number } = {},
): PolicyEntity[] {
  const { groups = ['support'], trust = 3 } = change
  return [
    {
      uid: SAM,
      attributes: { issuer: 'https://idp', subject: 'sam' },
      parents: groups.map((id) => ({ type: 'Group', id })),
    },
    {
      uid: BOT,
      attributes: { trust: { integer: String(trust) }, owner: { entity: SAM } },
      parents: [],
    },
    { uid: { type: 'Resource', id: 'orders' }, attributes: {}, parents: [] },
  ]
}

export function context(args: PolicyRecord, rest: PolicyRecord = {}): PolicyRecord {
  return {
    args: { record: args },
    person: { entity: SAM },
    agent: { entity: BOT },
    chain: { set: [{ entity: BOT }] },
    requester: { entity: SAM },
    participants: { set: [] },
    now: { datetime: '2026-01-01T00:00:00.000Z' },
    risk: { record: risk() },
    task: { record: { id: 'tsk_1', purpose: 'refund order 1042' } },
    token: { record: { bound: true } },
    origin: { record: { ip: '127.0.0.1' } },
    ...rest,
  }
}

/** Builds the risk of a call about which nothing is unusual. */
export function risk(change: PolicyRecord = {}): PolicyRecord {
  return {
    class: 'high',
    score: { integer: '20' },
    signals: { set: ['class.high'] },
    external: { set: [] },
    firstForAgent: false,
    firstForAction: false,
    callsLastMinute: { integer: '0' },
    hour: { integer: '12' },
    hourUtc: { integer: '12' },
    ...change,
  }
}

export function refundOf(amount: string, principal: EntityRef = SAM): PolicyQuery {
  return {
    principal,
    action: 'orders.refund',
    resource: 'orders',
    entities: entities(),
    context: context({ order_id: '1042', amount: { decimal: amount } }),
  }
}

export function doing(args: PolicyRecord, principal: EntityRef = SAM): PolicyQuery {
  return {
    principal,
    action: 'things.do',
    resource: 'things',
    entities: entities(),
    context: context(args),
  }
}
