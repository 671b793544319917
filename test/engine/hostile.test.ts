/** Policies, entities and values that somebody made to hurt: refused in clear words, or done in time that grows as they do. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as cedar from '@cedar-policy/cedar-wasm/nodejs'
import { CompileError, entitiesFromJson, entityStore, valueFromJson } from '@remit/engine'
import type { Question } from './cases.ts'
import { Pair, told } from './compare.ts'
import { CompiledEngine } from './compiled.ts'
import { binary, type Expr, ifThenElse } from './forms.ts'
import type { Json } from './json.ts'
import type { Answer } from './oracle.ts'
import type { Link, Policy, PolicySet } from './policies.ts'
import type { Entity, Ref } from './world.ts'

const ALL = { op: 'All' }
const TRUE: Expr = { Value: true }
const uid = (id: number | string): Ref => ({ type: 'User', id: String(id) })
const QUESTION: Question = {
  request: {
    principal: uid(0),
    action: { type: 'Action', id: 'read' },
    resource: uid('thing'),
    context: {},
  },
  entities: [],
}

function when(body: Expr, change: Partial<Policy> = {}): Policy {
  return {
    effect: 'permit',
    principal: ALL,
    action: ALL,
    resource: ALL,
    conditions: [{ kind: 'when', body }],
    ...change,
  }
}

function setOf(
  policies: Readonly<Record<string, Policy>>,
  more: Partial<PolicySet> = {},
): PolicySet {
  return { staticPolicies: policies, templates: {}, templateLinks: [], ...more }
}

function ask(body: Expr, question = QUESTION): Answer {
  return new CompiledEngine(setOf({ p: when(body) })).ask(question)
}

function nested(depth: number, around: (inner: Expr) => Expr, innermost: Expr = TRUE): Expr {
  let expr = innermost
  for (let i = 0; i < depth; i++) expr = around(expr)
  return expr
}

/** Work that grows as the input does is over long before this; what doubles with each level is not. */
const DEEP = 100

describe('expressions', () => {
  const around: Readonly<Record<string, (inner: Expr) => Expr>> = {
    '!': (arg) => ({ '!': { arg } }),
    neg: (arg) => ({ neg: { arg } }),
    if: (inner) => ifThenElse(TRUE, inner, inner),
    'if, in its condition': (inner) => ifThenElse(inner, TRUE, TRUE),
    Set: (inner) => ({ Set: [inner] }),
    Record: (inner) => ({ Record: { a: inner } }),
    '.': (left) => ({ '.': { left, attr: 'a' } }),
    has: (left) => ({ has: { left, attr: 'a' } }),
    is: (left) => ({ is: { left, entity_type: 'User', in: left } }),
    like: (left) => ({ like: { left, pattern: ['Wildcard'] } }),
    '==': (inner) => binary('==', inner, TRUE),
    '+, on the right': (inner) => binary('+', { Value: 1 }, inner),
    contains: (inner) => binary('contains', inner, inner),
    decimal: (inner) => ({ decimal: [inner] }),
  }

  it('nested too deep are refused, whatever they are nested in', () => {
    for (const [name, wrap] of Object.entries(around)) {
      if (['if', 'is', 'contains'].includes(name)) continue
      assert.throws(() => ask(nested(20_000, wrap)), CompileError, name)
    }
  })

  it('that name a part twice at each level are refused by their size, not unfolded for ever', () => {
    for (const name of ['if', 'is', 'contains']) {
      const wrap = around[name]
      assert.ok(wrap)
      assert.throws(() => ask(nested(40, wrap)), CompileError, name)
    }
  })

  it('in long chains are as long as anyone writes them', () => {
    const last = binary('==', { Var: 'principal' }, { Value: { __entity: uid(0) } })
    for (const operator of ['&&', '||']) {
      const part: Expr = { Value: operator === '&&' }
      const rightwards = nested(40_000, (right) => binary(operator, part, right), last)
      const leftwards = nested(40_000, (left) => binary(operator, left, part), last)
      for (const chain of [rightwards, leftwards]) assert.equal(ask(chain).permitted, true)
    }
    const tooLong = nested(100_001, (left) => binary('&&', left, TRUE))
    assert.throws(() => ask(tooLong), CompileError)
  })

  it('compare sets in sets in time that grows with their size', () => {
    const set = (of: number) =>
      nested(DEEP, (inner) => ({ Set: [inner, inner].slice(0, 1) }), { Value: of })
    assert.equal(ask(binary('==', set(1), set(1))).permitted, true)
    assert.equal(ask(binary('==', set(1), set(2))).permitted, false)
    assert.equal(ask(binary('contains', { Set: [set(1), set(2)] }, set(2))).permitted, true)
    const mixed = nested(DEEP, (inner) => ({ Set: [{ Record: { a: inner } }] }), { Value: 1 })
    assert.equal(ask(binary('==', mixed, mixed)).permitted, true)
    // The same where nothing is known before it is asked.
    const deep = { Set: [{ '.': { left: { Var: 'context' }, attr: 'deep' } }] }
    const other = { Set: [{ '.': { left: { Var: 'context' }, attr: 'other' } }] }
    const value = (of: number) => {
      let json: Json = of
      for (let i = 0; i < DEEP; i++) json = [json]
      return json
    }
    const context = { deep: value(1), other: value(1) }
    const question = { ...QUESTION, request: { ...QUESTION.request, context } }
    assert.equal(ask(binary('==', deep, other), question).permitted, true)
    assert.equal(ask(binary('containsAll', deep, other), question).permitted, true)
  })

  it('read texts of any length, and refuse at the first look', () => {
    const long = 300_000
    const texts = [
      '0'.repeat(long),
      `${'0'.repeat(long)}1.5`,
      `1.${'0'.repeat(long)}`,
      '1'.repeat(long),
      `${'1'.repeat(long)}d`,
      '1d'.repeat(long),
      '1:'.repeat(long),
      ':'.repeat(long),
      '1.'.repeat(long),
      `2024-01-01T${'0'.repeat(long)}`,
      '-'.repeat(long),
    ]
    const makers = ['decimal', 'datetime', 'duration', 'ip']
    for (const text of texts)
      for (const maker of makers) {
        const { errors } = ask({
          has: { left: { Record: { a: { [maker]: [{ Value: text }] } } }, attr: 'a' },
        })
        const isRead = maker === 'decimal' && text.endsWith('1.5')
        assert.equal(errors.size, isRead ? 0 : 1, `${maker} of ${text.slice(0, 12)}…`)
      }
  })

  it('match patterns without trying any text twice', () => {
    const stars = Array.from({ length: 2000 }, () => ['Wildcard', { Literal: 'a' }]).flat()
    const like = (text: string, pattern: Json[]) =>
      ask({ like: { left: { Value: text }, pattern } })
    assert.equal(like('a'.repeat(60_000), [...stars, { Literal: 'b' }]).permitted, false)
    assert.equal(like('a'.repeat(60_000), [...stars, 'Wildcard']).permitted, true)
  })
})

describe('sets of policies', () => {
  const many = <T>(count: number, make: (i: number) => T) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, make(i)]))

  it('of ten thousand evaluate only what applies, whatever the others would do', () => {
    const fails: Expr = { '.': { left: { Var: 'context' }, attr: 'nothing' } }
    const policies = many(10_000, (i) =>
      when(fails, {
        principal: { op: '==', entity: uid(1 + i) },
        action: {
          op: 'in',
          entities: [
            { type: 'Action', id: 'read' },
            { type: 'Action', id: `a${i}` },
          ],
        },
      }),
    )
    const compiled = new CompiledEngine(
      setOf({ ...policies, mine: when(TRUE, { principal: { op: '==', entity: uid(0) } }) }),
    )
    assert.equal(told(compiled.ask(QUESTION)), 'permits; determining: mine; in error: none')
    const other = { ...QUESTION, request: { ...QUESTION.request, principal: uid(7) } }
    assert.equal(told(compiled.ask(other)), 'denies; determining: none; in error: p6')
  })

  it('of ten thousand that all fail name each of them', () => {
    const fails: Expr = { '.': { left: { Var: 'context' }, attr: 'nothing' } }
    const { errors, permitted } = new CompiledEngine(setOf(many(10_000, () => when(fails)))).ask(
      QUESTION,
    )
    assert.equal(errors.size, 10_000)
    assert.equal(permitted, false)
  })

  const template = when(TRUE, { principal: { op: '==', slot: '?principal' } })
  const link = (newId: string, values: Link['values'], templateId = 't'): Link => ({
    templateId,
    newId,
    values,
  })
  const mine = { '?principal': uid(0) }
  const odd: Readonly<Record<string, PolicySet>> = {
    'a link to no template': setOf({}, { templateLinks: [link('l', mine)] }),
    'a link to a policy': setOf({ t: when(TRUE) }, { templateLinks: [link('l', {})] }),
    'a link to a link': setOf(
      {},
      { templates: { t: template }, templateLinks: [link('l', mine), link('m', mine, 'l')] },
    ),
    'two links of one name': setOf(
      {},
      { templates: { t: template }, templateLinks: [link('l', mine), link('l', mine)] },
    ),
    'a link named as a policy': setOf(
      { p: when(TRUE) },
      { templates: { t: template }, templateLinks: [link('p', mine)] },
    ),
    'a link named as its template': setOf(
      {},
      { templates: { t: template }, templateLinks: [link('t', mine)] },
    ),
    'a template named as a policy': setOf({ t: when(TRUE) }, { templates: { t: template } }),
    'a link without its value': setOf(
      {},
      { templates: { t: template }, templateLinks: [link('l', {})] },
    ),
    'a link with a value too many': setOf(
      {},
      {
        templates: { t: template },
        templateLinks: [link('l', { ...mine, '?resource': uid(1) })],
      },
    ),
    'a slot that there is not': setOf(
      {},
      {
        templates: { t: when(TRUE, { principal: { op: '==', slot: '?action' } }) },
        templateLinks: [link('l', { '?action': uid(0) })],
      },
    ),
    'the slot of the resource for the principal': setOf(
      {},
      {
        templates: { t: when(TRUE, { principal: { op: '==', slot: '?resource' } }) },
        templateLinks: [link('l', { '?resource': uid(0) })],
      },
    ),
    'a slot in a policy': setOf({ p: template }),
    'a slot in a condition': setOf(
      {},
      {
        templates: {
          t: {
            ...template,
            conditions: [
              { kind: 'when', body: binary('==', { Slot: '?principal' }, { Var: 'principal' }) },
            ],
          },
        },
        templateLinks: [link('l', mine)],
      },
    ),
  }

  it('with templates linked in odd ways are refused, or mean what the official engine says', () => {
    for (const [name, set] of Object.entries(odd)) {
      const pair = new Pair(set)
      const found = pair.compare(QUESTION)
      assert.equal(
        found && `${told(found.official)}, and ours: ${told(found.ours)}`,
        undefined,
        name,
      )
    }
  })

  it('link one template ten thousand times', () => {
    const templateLinks = Array.from({ length: 10_000 }, (_, i) =>
      link(`l${i}`, { '?principal': uid(i) }),
    )
    const compiled = new CompiledEngine(setOf({}, { templates: { t: template }, templateLinks }))
    assert.equal(told(compiled.ask(QUESTION)), 'permits; determining: l0; in error: none')
  })

  it('with anything unknown in them are refused, and it says where', () => {
    const unknown: readonly (readonly [Policy, string])[] = [
      [when({ frobnicate: { left: TRUE, right: TRUE } }), '/conditions/0/body/frobnicate'],
      [when({ offset: [TRUE] }), '/conditions/0/body/offset'],
      [when({ Var: 'subject' }), '/conditions/0/body/Var'],
      [when({ Value: { __extn: { fn: 'money', arg: '1' } } }), '/conditions/0/body/Value'],
      [when({ Value: null }), '/conditions/0/body/Value'],
      [when({ Value: 1.5 }), '/conditions/0/body/Value'],
      [when({ Value: 2n ** 63n }), '/conditions/0/body/Value'],
      [when(TRUE, { principal: { op: 'near', entity: uid(0) } }), '/principal'],
      [when(TRUE, { action: { op: 'is', entity_type: 'Action' } }), '/action'],
      [{ ...when(TRUE), effect: 'allow' as 'permit' }, '/effect'], // as: that is the mistake
    ]
    for (const [policy, path] of unknown)
      assert.throws(
        () => new CompiledEngine(setOf({ p: policy })),
        (error) =>
          error instanceof CompileError && error.policy === 'p' && error.path.startsWith(path),
        path,
      )
  })
})

describe('entities', () => {
  const entity = (id: number, parents: readonly number[]): Entity => ({
    uid: uid(id),
    attrs: {},
    parents: parents.map(uid),
  })
  const store = (entities: readonly Entity[]) => entityStore(entitiesFromJson(entities))
  const isIn = (id: number) => binary('in', { Var: 'principal' }, { Value: { __entity: uid(id) } })
  const official = (entities: readonly Entity[]) =>
    cedar.checkParseEntities({ entities: entities as unknown as cedar.Entities }).type // as: Cedar's own form

  it('that are above themselves are refused, also by the official engine', () => {
    const loop = (length: number) => Array.from({ length }, (_, i) => entity(i, [(i + 1) % length]))
    const loops = [
      loop(2),
      loop(3),
      loop(500),
      [entity(9, [0]), ...loop(2)],
      [entity(0, [1, 2]), entity(1, []), entity(2, [0])],
    ]
    for (const entities of loops) {
      assert.throws(() => store(entities), RangeError)
      assert.equal(official(entities), 'failure')
    }
    assert.throws(() => store(loop(100_000)), RangeError)
  })

  it('are found above others along a way of a hundred thousand steps', () => {
    const length = 100_000
    const chain = Array.from({ length }, (_, i) => entity(i, [i + 1]))
    assert.equal(ask(isIn(length), { ...QUESTION, entities: chain }).permitted, true)
    assert.equal(ask(isIn(length + 1), { ...QUESTION, entities: chain }).permitted, false)
  })

  it('that are above others in two to the power of a thousand ways are looked at once', () => {
    const levels = 1000
    const both = (level: number) => [2 * level + 2, 2 * level + 3]
    const lattice = Array.from({ length: levels }, (_, level) => [
      entity(2 * level, both(level)),
      entity(2 * level + 1, both(level)),
    ]).flat()
    assert.equal(ask(isIn(2 * levels), { ...QUESTION, entities: lattice }).permitted, true)
    assert.equal(ask(isIn(-1), { ...QUESTION, entities: lattice }).permitted, false)
  })

  it('that are there twice are refused', () => {
    assert.throws(() => store([entity(0, []), entity(0, [1])]), RangeError)
  })
})

describe('values', () => {
  it('nested too deep, or of no type that there is, are refused in words', () => {
    let list: Json = 1
    let record: Json = 1
    for (let i = 0; i < 50_000; i++) [list, record] = [[list], { a: record }]
    for (const bomb of [list, record, 1.5, 1e300, 2n ** 64n, -(2n ** 63n) - 1n, null, [null]])
      assert.throws(() => valueFromJson(bomb), TypeError)
    for (const odd of [
      { __expr: 'principal' },
      { __entity: 'User::"0"' },
      { __extn: { fn: 'eval', arg: '1' } },
      { a: 1, __entity: uid(0) },
    ])
      assert.throws(() => valueFromJson(odd), TypeError)
  })

  it('are as wide as memory is', () => {
    const wide = Array.from({ length: 200_000 }, (_, i) => i)
    const context = { wide, again: wide.toReversed() }
    const question = { ...QUESTION, request: { ...QUESTION.request, context } }
    const of = (attr: string) => ({ '.': { left: { Var: 'context' }, attr } })
    for (const operator of ['==', 'containsAll', 'containsAny'])
      assert.equal(
        ask(binary(operator, of('wide'), of('again')), question).permitted,
        true,
        operator,
      )
  })
})
