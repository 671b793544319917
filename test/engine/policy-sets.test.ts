/**
 * Compares both forms of a published set, as a server holds it: typed by the catalog, with exact
 * integers, requests checked against the schema. What the compiled one answers is what the official
 * engine answers; where one of them refuses the request, nothing is permitted.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type {
  EntityRef,
  Omission,
  PolicyEntity,
  PolicyQuery,
  PolicyRecord,
  PolicySet,
  PolicyValue,
} from '@remit/engine'
import {
  BOT,
  context,
  entities,
  loader,
  ORDERS_PLAN,
  REFUND_DESK,
  SAM,
} from '../../src/policy/policy/testing.ts'
import { Random } from './random.ts'

const RULES = `${REFUND_DESK}
@id("low-risk") permit (principal, action in Action::"read", resource) when { context.risk.score < 50 };
@id("overflows") permit (principal is Agent, action, resource) when { principal.trust * 4611686018427387904 > 0 };
@id("no-evil") forbid (principal is Person, action, resource) when { principal has email && principal.email like "*@evil.example" };
@id("no-org") forbid (principal, action, resource) when { context has space && context.space in Space::"org" };
@id("chain") permit (principal is Person, action, resource)
  when { context.chain.contains(Agent::"refund-bot") && context.participants.containsAll([Person::"psn_sam"]) };
@id("small") permit (principal, action == Action::"orders.refund", resource)
  when { context.args.amount.lessThan(decimal("50.00")) && context.args.order_id == "1042" };
@id("no-bad") forbid (principal, action == Action::"orders.refund", resource)
  when { context.args has note && context.args.note like "*bad*" };
@id("until-june") permit (principal, action, resource) when { context.now < datetime("2026-06-01") && context.token.bound };
@id("exact") permit (principal, action in [Action::"orders.read", Action::"write"], resource == Resource::"orders")
  when { 9223372036854775807 - 1 == 9223372036854775806 && context.agent.owner == Person::"psn_sam" };`

const ACTIONS = ['orders.refund', 'orders.refund', 'orders.read', 'orders.list', 'any:read:low']
const NO_ACTIONS = ['read', 'nope', 'risk:high', '']
const NOBODY: readonly EntityRef[] = [
  { type: 'Group', id: 'support' },
  { type: 'Person', id: 'gone' },
  { type: 'Robot', id: 'x' },
]
const VALUES: readonly PolicyValue[] = [
  'x',
  '',
  'not a surrogate: 😀',
  'half of one: \ud800',
  true,
  { integer: '5' },
  { integer: '9223372036854775807' },
  { integer: '9223372036854775808' },
  { integer: '05' },
  { decimal: '1.0' },
  { decimal: '1.00001' },
  { decimal: 'x' },
  { datetime: '2026-01-02T00:00:00.000Z' },
  { datetime: 'tomorrow' },
  { duration: '1h' },
  { ip: '10.0.0.1' },
  { entity: SAM },
  { entity: BOT },
  { entity: { type: 'Nope', id: 'x' } },
  { set: [] },
  { set: ['a', true] },
  { set: [{ entity: SAM }, { entity: BOT }] },
  { record: {} },
  { record: { id: 'a' } },
  { record: { __entity: 'x' } },
  null as unknown as PolicyValue, // as: what no type allows, and a mistake elsewhere could make
]
const NAMES = ['extra', 'email', 'vendor', 'note', 'space', 'args', '__x']

/** Changes a record: one member more, less or other, at any depth. */
function changed(random: Random, record: PolicyRecord): PolicyRecord {
  const name = random.pick([...Object.keys(record), ''])
  const value = record[name]
  if (value === undefined) return { ...record, [random.pick(NAMES)]: random.pick(VALUES) }
  if (random.chance(0.25)) {
    return Object.fromEntries(Object.entries(record).filter(([other]) => other !== name))
  }
  return { ...record, [name]: changedValue(random, value) }
}

function changedValue(random: Random, value: PolicyValue): PolicyValue {
  if (typeof value === 'object' && 'record' in value && random.chance(0.7))
    return { record: changed(random, value.record) }
  if (typeof value === 'object' && 'set' in value && random.chance(0.5))
    return { set: [...value.set, random.pick(VALUES)] }
  return random.pick(VALUES)
}

function changedEntities(random: Random, all: readonly PolicyEntity[]): readonly PolicyEntity[] {
  const at = random.below(all.length)
  const { attributes, parents, uid } = random.pick(all.slice(at))
  const i = all.findIndex((entity) => entity.uid === uid)
  const parent = random.pick<EntityRef>([SAM, ...NOBODY, { type: 'Space', id: 'org' }])
  return random.weighted<() => readonly PolicyEntity[]>([
    [4, () => all.with(i, { uid, attributes: changed(random, attributes), parents })],
    [2, () => all.with(i, { uid, attributes, parents: [...parents, parent] })],
    [
      1,
      () =>
        all.with(i, {
          uid: { type: random.pick(['Nope', 'Group', 'Action']), id: 'read' },
          attributes,
          parents,
        }),
    ],
    [1, () => all.with(i, { uid, attributes, parents, tags: { a: 'b' } })],
    [1, () => all.slice(1)],
    [1, () => []],
    [1, () => [...all, { uid: { type: 'Space', id: 'org' }, attributes: {}, parents: [] }]],
    [
      1,
      () => [...all, { uid: { type: 'Action', id: 'orders.read' }, attributes: {}, parents: [] }],
    ],
  ])()
}

function randomQuery(random: Random): PolicyQuery {
  const action = random.pick(random.chance(0.9) ? ACTIONS : NO_ACTIONS)
  const amount = { decimal: random.pick(['40.0', '400.0', '6000.0', '-0.5']) }
  const args =
    action === 'orders.refund'
      ? { order_id: '1042', amount }
      : action === 'orders.read'
        ? { order_id: '1042' }
        : {}
  const whole = context(
    args,
    random.chance(0.2) ? { space: { entity: { type: 'Space', id: 'org' } } } : {},
  )
  const all = entities({
    groups: random.pick([['support'], [], ['support', 'finance']]),
    trust: random.between(0, 3),
  })
  const spoilt = random.below(5)
  return {
    principal: random.chance(0.9) ? random.pick([SAM, BOT]) : random.pick(NOBODY),
    action,
    resource: random.pick(['orders', 'orders', 'desk']),
    context: spoilt === 1 ? changed(random, whole) : whole,
    entities: spoilt === 2 ? changedEntities(random, all) : all,
  }
}

interface SetAnswer {
  readonly permitted: boolean
  /** True where the fault is not a policy's, but the request's. */
  readonly refused: boolean
  readonly policies: string
}

function ask(set: PolicySet, query: PolicyQuery, without: Omission): SetAnswer {
  const { determining, errors, permitted } = set.evaluate(query, without)
  const failing = [...new Set(errors.map(({ policy }) => policy))].sort()
  const policies = `${determining.toSorted()}; in error: ${failing}`
  return { permitted, refused: failing.includes(''), policies }
}

test('a compiled set answers as the official engine does, whatever it is asked about', () => {
  const [compiled, official] = [loader('compiled'), loader('cedar-wasm')].map((load) =>
    load(RULES, ORDERS_PLAN.actions),
  )
  assert.ok(compiled && official)
  const seen = { permitted: 0, denied: 0, failed: 0, refused: 0 }
  for (let seed = 0; seed < 1500; seed++) {
    const whole = randomQuery(new Random(seed))
    const { args: _, ...open } = whole.context
    const all = ['nothing', 'requestable', 'arguments', 'all_but_requestable'] as const
    for (const without of all) {
      const isOpen = without === 'arguments' || without === 'all_but_requestable'
      const query = isOpen ? { ...whole, context: open } : whole
      const ours: SetAnswer = ask(compiled, query, without)
      const its: SetAnswer = ask(official, query, without)
      const name = `seed ${seed}, without ${without}: ${ours.policies}, and ${its.policies}`
      if (ours.refused) assert.equal(ours.permitted, false, name)
      else assert.deepEqual(ours, its, name)
      if (ours.refused) seen.refused++
      else if (!ours.policies.endsWith(': ')) seen.failed++
      else seen[ours.permitted ? 'permitted' : 'denied']++
    }
  }
  for (const [what, count] of Object.entries(seen)) assert.ok(count > 400, `${what}: ${count}`)
})
