import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { BudgetPeek, Detail, PolicyEntity } from '@remit/engine'
import fc from 'fast-check'
import type { Action, Resource } from '../../../catalog/catalog/index.ts'
import { DEFAULT_POLICIES, load, ORDERS_PLAN } from '../../../policy/policy/testing.ts'
import type { Setting } from '../../../tasks/facts/index.ts'
import type { TaskLineage } from '../../../tasks/tasks/index.ts'
import { answerReach, KeptReaches, type ReachQuestion } from './kept-reaches.ts'

const { actions: ACTIONS, resource } = ORDERS_PLAN
const [READ = '', ...OTHERS] = ACTIONS.map(({ name }) => name)
const AT = resource.identifier
const ELSEWHERE = 'https://other.example'
const MORNING = Date.UTC(2026, 10, 30, 8, 59, 59, 990)
const LATER = [0, 1, 9, 10, 11, 3_600_000, 30 * 86_400_000]

/** One rule for each thing that rules can look at. */
const RULES = [
  'forbid (principal, action, resource) when { context.now.toTime() < duration("9h") };',
  'forbid (principal, action == Action::"orders.refund", resource) when { context.now >= datetime("2026-12-01") };',
  'forbid (principal is Agent, action, resource) when { !ip(context.origin.ip).isInRange(ip("10.0.0.0/8")) };',
  'forbid (principal, action, resource) when { context.origin.ip == "10.0.0.2" && context.now < datetime("2026-11-30T09:00:00Z") };',
  'forbid (principal, action in [Action::"write"], resource) when { context.task.purpose like "read*" };',
  'forbid (principal, action, resource) when { context has thread && context.thread.strangers > 1 };',
  'forbid (principal, action, resource) unless { context has requester && context has person && context.requester == context.person };',
  'forbid (principal, action == Action::"orders.read", resource) when { context.token.bound };',
  'forbid (principal, action, resource) unless { context has space };',
  'forbid (principal is Person, action in [Action::"risk:high"], resource) unless { principal in Group::"support" };',
  'forbid (principal is Agent, action, resource) when { principal.trust < 2 };',
  'forbid (principal is Agent, action, resource) when { principal != context.agent && context.chain.contains(Agent::"helper") };',
  'forbid (principal, action, resource) when { context.risk.class == "high" && context.participants.contains(Person::"psn_kim") };',
  'forbid (principal, action, resource) when { context.args.order_id == "1042" && context.now.toTime() > duration("23h") };',
  '@requestable("") @approvers("group:finance") @quorum("1") @lifetime("PT1H") forbid (principal, action == Action::"orders.refund", resource) when { context.now < datetime("2026-11-30T09:00:00Z") };',
]
const ALLOW = 'permit (principal, action, resource);'

function policiesOf(rules: readonly number[]) {
  const picked = rules.map((i) => RULES[i % RULES.length] ?? '')
  const named = [...new Set(picked), ALLOW].map((rule, i) => `@id("rule-${i}") ${rule}`)
  return load([DEFAULT_POLICIES, ...named].join('\n'))
}

const person = (id: string, group: string): PolicyEntity => ({
  uid: { type: 'Person', id },
  attributes: { issuer: 'https://idp.example', subject: id },
  parents: [{ type: 'Group', id: group }],
})
const agent = (id: string, trust: number): PolicyEntity => ({
  uid: { type: 'Agent', id },
  attributes: {
    trust: { integer: String(trust) },
    owner: { entity: { type: 'Person', id: 'psn_kim' } },
  },
  parents: [],
})
const detail = (actions: readonly string[], type: Detail['type'] = 'remit_call'): Detail => ({
  ...{ type, locations: [AT], bounds: [] },
  actions,
})
const DETAILS: readonly (readonly Detail[])[] = [
  [detail([READ, ...OTHERS])],
  [detail([READ])],
  [detail(OTHERS)],
  [detail([READ], 'remit_delegate'), detail(OTHERS)],
  [{ ...detail([READ]), locations: [ELSEWHERE] }],
  [],
]
const PASSED = { gate: 'liveness', passed: true, detail: '' } as const
const STOPPED = { ...PASSED, passed: false, reason: 'task.suspended', enough: '' } as const
const peek = (left: boolean): BudgetPeek => ({ name: 'calls', left, detail: '' })

const catalogs = [
  ACTIONS,
  ACTIONS.map((each) => ({ ...each, quarantined: each.name === READ })),
  ACTIONS.map((each) => ({ ...each, risk: 'low' as const })),
].map((actions) => ({ actionsOf: () => actions as readonly Action[], kindOf: () => undefined })) // as: planned
const policySets = [
  [],
  [],
  [],
  [4],
  [9],
  [0],
  [1, 4],
  [2, 9],
  [3],
  [5, 6],
  [7, 10],
  [8, 11],
  [12, 13],
  [14, 0],
].map(policiesOf)

/** Entities that all have: what is known of one setting must not be told of another. */
const AROUND = [
  person('psn_kim', 'finance'),
  ...['support', 'finance'].map((id) => ({
    ...{ uid: { type: 'Group', id }, attributes: {}, parents: [] },
  })),
  { uid: { type: 'Resource', id: resource.name }, attributes: {}, parents: [] },
]

const among = <T>(...items: readonly T[]) => fc.constantFrom(...items)
const settingOf = fc.record({
  group: among('support', 'finance'),
  trust: among(1, 3),
  chain: among(['bot'], ['bot', 'helper'], ['helper', 'bot']),
  details: among(...DETAILS),
  beside: among<readonly string[]>([], ['psn_kim']),
  inTheWay: among(undefined, undefined, undefined, STOPPED),
  strangers: among(undefined, 0, 2),
  participants: among<readonly string[]>([], ['psn_kim']),
  ceiling: among(...DETAILS),
  space: among(undefined, 'spc_1'),
})

function made(of: ReturnType<typeof settingOf.generate>['value']): Setting {
  const {
    beside,
    ceiling,
    chain,
    details,
    group,
    inTheWay,
    participants,
    space,
    strangers,
    trust,
  } = of
  const line =
    space === undefined
      ? []
      : [{ id: space, parentId: null, mode: null, details: [detail([READ])] }]
  const thread = { id: 'thr_1', strangers, requesterId: 'psn_sam', participantIds: participants }
  const there = { participants: participants.map((id) => ({ id })), thread }
  const where = {
    line,
    conversation: strangers === undefined ? undefined : there,
  }
  return {
    ...{ details, inTheWay, where, person: { id: 'psn_sam', groups: [] } },
    agents: chain.map((id) => ({ id, trust, ownerId: 'psn_sam', ceiling })),
    personEntity: person('psn_sam', group),
    agentEntities: chain.map((id) => agent(id, trust)),
    intersectWith: beside.map((id) => person(id, group)),
    entities: AROUND,
    also: { states: [], dead: [], hash: '' },
  } as unknown as Setting // as: what nothing here looks at is left out
}

/**
 * Families of settings whose members differ from the first in one thing. Settings are made once, as
 * the facts keep them, so that what is known of one is found again.
 */
const families = Array.from({ length: 60 }, (_, seed) => {
  const [first, ...others] = fc.sample(settingOf, { numRuns: 12, seed })
  const names = Object.keys(first ?? {})
  return [first, ...others].flatMap((other, i) => {
    const name = names[i % names.length] ?? ''
    const changed = {
      ...first,
      ...Object.fromEntries(Object.entries(other ?? {}).filter(([key]) => key === name)),
    }
    return first ? [made({ ...first, ...changed })] : []
  })
})

const questions: fc.Arbitrary<ReachQuestion> = fc
  .record({
    policies: among(...policySets),
    catalog: among(...catalogs),
    identifier: among(AT, AT, AT, ELSEWHERE),
    shows: among(undefined, 'requestable' as const, 'requestable' as const),
    setting: among(...families.flatMap(([first]) => first ?? [])),
    narrowed: among(...DETAILS),
    left: among([], [true], [true], [true, false]),
    at: among(...LATER.map((later) => MORNING + later)),
    ip: among('10.0.0.1', '10.0.0.2', '192.0.2.1'),
    id: among('tsk_1', 'tsk_2'),
    purpose: among('read orders', 'refund an order'),
    keyThumbprint: among(null, 'key'),
    sponsored: among(false, false, false, true),
    given: among(...DETAILS),
    above: among(0, 0, 0, 1),
  })
  .map(({ above, at, given, identifier, ip, left, shows, ...rest }) => {
    const { id, keyThumbprint, purpose, sponsored, ...same } = rest
    const task = { id, keyThumbprint, purpose, sponsored, details: given, personId: 'psn_sam' }
    return {
      ...same,
      ...{ at, origin: { ip }, budgets: left.map(peek) },
      resource: { ...resource, identifier, shows } as Resource, // as: planned
      held: {
        task: { ...task, actors: [], issuers: [] },
        above: Array.from({ length: above }, () => ({})),
      } as unknown as TaskLineage, // as: what nothing here looks at is left out
    }
  })

function relative(setting: Setting, pick: number): Setting {
  const family = families.find((each) => each.includes(setting)) ?? []
  return family[pick % family.length] ?? setting
}

/**
 * Questions that differ from one to the next in one or two things: what is kept of the first is what
 * the second is told if it is not looked at.
 */
function conversation(seed: number): readonly ReachQuestion[] {
  const [first, ...others] = fc.sample(questions, { numRuns: 4, seed })
  const names = Object.keys(first ?? {}) as (keyof ReachQuestion)[] // as: of our own object
  const picks = fc.sample(fc.nat(), { numRuns: 200, seed })
  const some = first ? [first, ...others] : []
  return Array.from({ length: 40 }, (_, i) => {
    const [a = 0, b = 0] = picks.slice(2 * i)
    const whole = { ...some[a % 2] } as ReachQuestion // as: there are four
    const name = names[b % names.length]
    const other = some[(a + b) % some.length]
    if (name === 'setting' || a % 3 === 0) return { ...whole, setting: relative(whole.setting, b) }
    return name && other ? { ...whole, [name]: other[name] } : whole
  })
}

describe('answers that are kept', () => {
  test('are those that the policies give now, whatever changed', () => {
    let known = 0
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const kept = new KeptReaches()
        const marks = new Set<string | undefined>()
        for (const question of conversation(seed)) {
          const { mark, ...answer } = kept.answer(question)
          assert.deepEqual(answer, answerReach(question))
          if (marks.has(mark)) known++
          marks.add(mark)
        }
      }),
      { numRuns: 200 },
    )
    assert.ok(known > 1_000, `only ${known} answers were kept`)
  })

  test('are forgotten with the policies and the catalog, and nothing is kept where nobody knows what is seen', () => {
    const [question] = fc.sample(questions, { numRuns: 1, seed: 1 })
    assert.ok(question)
    const kept = new KeptReaches()
    const first = kept.answer(question)
    assert.equal(kept.answer({ ...question }).mark, first.mark)
    assert.notEqual(kept.answer({ ...question, policies: policiesOf([]) }).mark, first.mark)
    const { evaluate, obligations, requestable, version } = question.policies
    const blind = { obligations, requestable, version, evaluate: evaluate.bind(question.policies) }
    assert.equal(kept.answer({ ...question, policies: blind }).mark, undefined)
  })
})
