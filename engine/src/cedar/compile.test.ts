import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { compilePolicies, PolicyCompiler } from './compile.ts'
import { entityStore } from './entities.ts'
import { EXPRESSION_LIMITS } from './expression.ts'
import { CompileError } from './failure.ts'
import type { PolicyJson } from './json.ts'
import {
  ANYTHING,
  ask,
  attr,
  both,
  choice,
  compiled,
  PERSON,
  policy,
  says,
  value,
  variable,
  when,
} from './testing.ts'
import { entitiesFromJson, valueFromJson } from './value-json.ts'

const person = (id: string) => ({ type: 'Person', id })
const group = (id: string) => ({ type: 'Group', id })
const FAILS = attr(variable('context'), 'nothing')

describe('a set', () => {
  it('permits what one permits and none forbids, and says which', () => {
    const permits = { a: policy(), b: when(value(true)), c: when(value(false)) }
    assert.deepEqual(ask(compiled({})), { permitted: false, determining: [], errors: [] })
    assert.deepEqual(ask(compiled(permits)).determining, ['a', 'b'])
    const forbidden = ask(compiled({ ...permits, d: policy({ effect: 'forbid' }) }))
    assert.deepEqual(forbidden, { permitted: false, determining: ['d'], errors: [] })
  })

  it('denies where any policy that applies fails, and says what Cedar would', () => {
    for (const effect of ['permit', 'forbid'] as const) {
      const set = compiled({ all: policy(), bad: { ...when(FAILS), effect } })
      const answer = ask(set)
      assert.equal(answer.permitted, false)
      assert.deepEqual(answer.determining, ['all'])
      assert.deepEqual(
        answer.errors.map(({ policy: id }) => id),
        ['bad'],
      )
    }
  })

  it('leaves out what it is told to', () => {
    const set = compiled({ all: policy(), no: policy({ effect: 'forbid' }) })
    const request = {
      principal: PERSON,
      action: PERSON,
      resource: PERSON,
      context: valueFromJson({}),
    }
    const store = entityStore([])
    assert.equal(set.evaluate(request, store, new Set(['no'])).permitted, true)
    assert.equal(set.evaluate(request, store).permitted, false)
    assert.deepEqual(set.evaluate(request, store, new Set(['no', 'all'])).determining, [])
  })
})

describe('a scope', () => {
  const found = (change: Partial<PolicyJson>) =>
    ask(compiled({ it: { ...when(FAILS), ...change } })).errors.length === 1

  it('lets a policy apply, or not even fail', () => {
    const cases: readonly (readonly [object, boolean])[] = [
      [ANYTHING, true],
      [{ op: '==', entity: PERSON }, true],
      [{ op: '==', entity: group('staff') }, false],
      [{ op: 'in', entity: PERSON }, true],
      [{ op: 'in', entity: { __entity: group('staff') } }, true],
      [{ op: 'in', entity: group('sales') }, false],
      [{ op: 'is', entity_type: 'Person' }, true],
      [{ op: 'is', entity_type: 'Group' }, false],
      [{ op: 'is', entity_type: 'Person', in: { entity: group('support') } }, true],
      [{ op: 'is', entity_type: 'Group', in: { entity: group('support') } }, false],
      [{ op: 'is', entity_type: 'Person', in: { entity: group('sales') } }, false],
    ]
    for (const [principal, expected] of cases)
      assert.equal(found({ principal }), expected, JSON.stringify(principal))
    assert.equal(found({ resource: { op: '==', entity: person('orders') } }), false)
    assert.equal(found({ resource: { op: 'is', entity_type: 'Resource' } }), true)
  })

  it('names an action, a group of actions, or several of them, and each policy counts once', () => {
    const action = (...ids: string[]) => ({
      op: 'in',
      entities: ids.map((id) => ({ type: 'Action', id })),
    })
    assert.equal(found({ action: { op: '==', entity: { type: 'Action', id: 'read' } } }), true)
    assert.equal(found({ action: { op: '==', entity: { type: 'Action', id: 'any' } } }), false)
    assert.equal(found({ action: { op: 'in', entity: { type: 'Action', id: 'any' } } }), true)
    assert.equal(found({ action: action('any', 'read', 'read') }), true)
    assert.equal(found({ action: action('write') }), false)
    assert.equal(found({ action: action() }), false)
  })

  it('is met by any of many groups above a principal', () => {
    const policies = Object.fromEntries(
      [1, 5, 99].map((i) => [`g${i}`, policy({ principal: { op: 'in', entity: group(`${i}`) } })]),
    )
    const parents = Array.from({ length: 50 }, (_, i) => group(`${i}`))
    const entities = [{ uid: PERSON, attrs: {}, parents }]
    assert.deepEqual(ask(compiled(policies), { entities }).determining, ['g1', 'g5'])
    const few = [{ uid: PERSON, attrs: {}, parents: [group('99')] }]
    assert.deepEqual(ask(compiled(policies), { entities: few }).determining, ['g99'])
  })
})

describe('templates', () => {
  const template = policy({
    principal: { op: '==', slot: '?principal' },
    resource: { op: 'is', entity_type: 'Resource', in: { slot: '?resource' } },
  })
  const links = (...values: Record<string, { type: string; id: string }>[]) =>
    compilePolicies({
      staticPolicies: {},
      templates: { t: template },
      templateLinks: values.map((each, i) => ({ templateId: 't', newId: `l${i}`, values: each })),
    })
  const orders = { type: 'Resource', id: 'orders' }

  it('say nothing by themselves, and each link what it is given', () => {
    assert.deepEqual(ask(links()).determining, [])
    const set = links(
      { '?principal': PERSON, '?resource': orders },
      { '?principal': person('other'), '?resource': orders },
    )
    assert.deepEqual(ask(set).determining, ['l0'])
  })

  it('are linked with exactly their slots', () => {
    for (const values of [
      {},
      { '?principal': PERSON },
      { '?principal': PERSON, '?resource': orders, '?action': PERSON },
    ])
      assert.throws(() => links(values as never), CompileError, JSON.stringify(values)) // as: that is the mistake
    const unknown = { templateId: 'x', newId: 'l', values: {} }
    assert.throws(
      () => compilePolicies({ staticPolicies: {}, templateLinks: [unknown] }),
      CompileError,
    )
    const crossed = policy({ principal: { op: '==', slot: '?resource' } })
    assert.throws(
      () => compilePolicies({ staticPolicies: {}, templates: { crossed } }),
      CompileError,
    )
    assert.throws(() => compiled({ loose: template }), /slot/)
  })
})

describe('what is not known', () => {
  const refused = (json: unknown, where: string) =>
    assert.throws(
      () => compiled({ p: json as PolicyJson }), // as: whatever comes, it is refused or compiled
      (error) =>
        error instanceof CompileError && error.policy === 'p' && error.path.startsWith(where),
      where,
    )

  it('is refused, with the place', () => {
    const body = '/conditions/0/body'
    refused(null, '')
    refused({ ...policy(), more: 1 }, '/more')
    refused({ ...policy(), effect: 'allow' }, '/effect')
    refused({ ...policy(), conditions: {} }, '/conditions')
    refused({ ...policy(), conditions: [{ kind: 'if', body: value(true) }] }, '/conditions/0')
    for (const principal of [
      undefined,
      {},
      { op: 'x' },
      { op: 'All', entity: PERSON },
      { op: '==' },
    ])
      refused({ ...policy(), principal }, '/principal')
    refused({ ...policy(), principal: { op: '==', entity: 'sam' } }, '/principal')
    refused({ ...policy(), action: { op: 'is', entity_type: 'Action' } }, '/action')
    for (const [bad, where] of [
      [null, ''],
      [{}, ''],
      [{ ...value(1), Var: 'context' }, ''],
      [{ Var: 'self' }, '/Var'],
      [{ Slot: '?principal' }, '/Slot'],
      [{ xor: { left: value(true), right: value(true) } }, '/xor'],
      [{ unknown: [value('x')] }, '/unknown'],
      [{ '==': { left: value(1) } }, '/=='],
      [{ '==': { left: value(1), right: value(1), third: value(1) } }, '/=='],
      [{ '&&': { left: value(true) } }, '/&&'],
      [{ '&&': { left: value(true), right: undefined } }, '/&&'],
      [{ '!': { arg: { '!': {} } } }, '/!/arg/!'],
      [{ ip: [] }, '/ip'],
      [{ isInRange: [value(1), value(1), value(1)] }, '/isInRange'],
      [{ '.': { left: value(1), attr: 1 } }, '/.'],
      [{ has: { left: value(1), attr: [] } }, '/has'],
      [{ like: { left: value(''), pattern: ['?'] } }, '/like'],
      [{ is: { left: value(1) } }, '/is'],
      [value(1.5), '/Value'],
      [value(2 ** 53), '/Value'],
      [value(2n ** 63n), '/Value'],
      [value(null), '/Value'],
      [value({ __expr: 'principal' }), '/Value'],
      [value({ __extn: { fn: 'decimal', arg: '1' } }), '/Value'],
    ] as const)
      refused({ ...policy(), conditions: [{ kind: 'when', body: bad }] }, body + where)
  })

  it('is an id that is there twice', () => {
    const compiler = new PolicyCompiler()
    compiler.add('a', policy())
    assert.throws(() => compiler.add('a', policy()), CompileError)
    assert.throws(() => compiler.addTemplate('a', policy()), CompileError)
  })
})

describe('a policy without end', () => {
  const nested = (n: number, around: (inner: object) => object) => {
    let body: object = value(true)
    for (let i = 0; i < n; i++) body = around(body)
    return body
  }

  it('is refused when it is nested too deep, whatever nests it', () => {
    for (const around of [
      (inner: object) => ({ '!': { arg: inner } }),
      (inner: object) => ({ Set: [inner] }),
      (inner: object) => ({ Record: { a: inner } }),
      (inner: object) => choice(value(true), inner, inner),
      (inner: object) => both('==', value(1), inner),
    ])
      assert.throws(() => compiled({ p: when(nested(20_000, around)) }), CompileError)
    assert.throws(
      () => compiled({ p: when({ Value: nested(20_000, (inner) => [inner]) }) }),
      CompileError,
    )
    const deepest = nested(EXPRESSION_LIMITS.depth - 1, (inner) => ({
      '!': { arg: { '&&': { left: inner, right: inner } } },
    }))
    assert.throws(() => compiled({ p: when(deepest) }), CompileError)
  })

  it('may be as deep as is allowed, and a chain as long', () => {
    const deep = nested(EXPRESSION_LIMITS.depth - 1, (inner) => ({ '!': { arg: inner } }))
    assert.equal(says(deep), EXPRESSION_LIMITS.depth % 2 === 1)
    for (const operator of ['&&', '||']) {
      const left = nested(20_000, (inner) => both(operator, inner, value(true)))
      const right = nested(20_000, (inner) => both(operator, value(true), inner))
      assert.equal(says(left), true)
      assert.equal(says(right), true)
    }
  })

  it('is refused when it is too large', () => {
    const large = { Set: Array.from({ length: EXPRESSION_LIMITS.size }, () => value(1)) }
    assert.throws(() => compiled({ p: when(large) }), /more than/)
    const chain = nested(EXPRESSION_LIMITS.size, (inner) => both('&&', inner, value(true)))
    assert.throws(() => compiled({ p: when(chain) }), /more than/)
  })
})

describe('entities', () => {
  const entity = (id: string, ...parents: string[]) => ({
    uid: group(id),
    attrs: {},
    parents: parents.map(group),
  })
  const store = (...entities: object[]) => entityStore(entitiesFromJson(entities))

  it('are refused when one is above itself, or there twice', () => {
    assert.throws(() => store(entity('a', 'a')), /above itself/)
    assert.throws(() => store(entity('a', 'b'), entity('b', 'a')), /above itself/)
    assert.throws(
      () => store(entity('x', 'a'), entity('a', 'b'), entity('b', 'y', 'c'), entity('c', 'a')),
      /above itself/,
    )
    assert.throws(() => store(entity('a'), entity('a')), /twice/)
    const base = store(entity('a', 'b'))
    assert.throws(() => entityStore(entitiesFromJson([entity('a')]), base), /twice/)
    store(entity('a', 'b', 'c'), entity('b', 'd'), entity('c', 'd'), entity('d'))
  })

  it('may be far above, and many', () => {
    const far = Array.from({ length: 20_000 }, (_, i) => entity(`${i}`, `${i + 1}`))
    const made = store(...far)
    assert.equal(made.get(group('0'))?.ancestors.has(group('20000')), true)
    const ring = [...far, entity('20000', '0')]
    assert.throws(() => store(...ring), /above itself/)
  })

  it('of a base are found, and have what is above them there', () => {
    const base = entityStore(entitiesFromJson([entity('a', 'b'), entity('b', 'c')]))
    const made = entityStore(entitiesFromJson([entity('x', 'a')]), base)
    assert.equal(made.get(group('x'))?.ancestors.has(group('c')), true)
    assert.equal(made.get(group('a'))?.ancestors.has(group('c')), true)
  })
})
