import assert from 'node:assert/strict'
import { it } from 'node:test'
import {
  type CallFacts,
  decide,
  type PolicyEntity,
  type PolicyValue,
  type TypedValue,
} from '@remit/engine'
import { Problem } from '../../platform/lib/problem.ts'
import { loadPolicySet } from './load.ts'
import { schemaFor } from './schema.ts'
import {
  actionsWith,
  BOT,
  context,
  DEFAULT_POLICIES,
  doing,
  entities,
  forEachPolicyEngine,
  ORDERS_PLAN,
  REFUND_DESK,
  refundOf,
  SAM,
} from './testing.ts'

const PERMIT_ALL = '@id("all") permit (principal, action, resource);'

forEachPolicyEngine('the refund desk', (load) => {
  const set = load(REFUND_DESK)

  it('permits small refunds to person and agent', () => {
    for (const principal of [SAM, BOT]) {
      const answer = set.evaluate(refundOf('100.0', principal), 'nothing')
      assert.equal(answer.permitted, true)
      assert.deepEqual(answer.errors, [])
    }
  })

  it('asks finance for a large refund, and only for that', () => {
    const answer = set.evaluate(refundOf('100.01'), 'nothing')
    assert.deepEqual(answer, { permitted: false, determining: ['large-refunds-ask'], errors: [] })
    assert.equal(set.evaluate(refundOf('100.01'), 'requestable').permitted, true)
    assert.deepEqual(set.requestable.get('large-refunds-ask')?.approvers, ['group:finance'])
    assert.deepEqual(
      [...set.requestable.keys()],
      [
        'critical-actions-ask',
        'unusual-writes-ask',
        'external-agents-ask-before-writing',
        'self-registered-clients-ask-for-high',
        'bearer-tokens-ask-for-high',
        'large-refunds-ask',
      ],
    )
  })

  it('forbids agents what no approval lifts', () => {
    const answer = set.evaluate(refundOf('5000.01', BOT), 'requestable')
    assert.deepEqual(answer.determining, ['no-huge-refunds-by-agents'])
  })

  it('permits nobody else, and the agent nothing without a person of support', () => {
    const other = { ...refundOf('1.0'), entities: entities({ groups: ['finance'] }) }
    assert.deepEqual(set.evaluate(other, 'nothing'), {
      permitted: false,
      determining: [],
      errors: [],
    })
    const agent = { ...refundOf('1.0', BOT), entities: entities({ groups: ['finance'] }) }
    assert.equal(set.evaluate(agent, 'nothing').permitted, false)
    const { person: _, ...alone } = refundOf('1.0', BOT).context
    assert.equal(
      set.evaluate({ ...refundOf('1.0', BOT), context: alone }, 'nothing').permitted,
      false,
    )
    const quarantined = { ...refundOf('1.0', BOT), entities: entities({ trust: 0 }) }
    assert.deepEqual(set.evaluate(quarantined, 'nothing').determining.toSorted(), [
      'quarantined-agents-wait',
      'quarantined-chains-wait',
    ])
  })
})

forEachPolicyEngine('the default policies', (load) => {
  it('permit nothing by themselves', () => {
    const set = load(DEFAULT_POLICIES)
    assert.deepEqual(set.evaluate(refundOf('1.0'), 'nothing'), {
      permitted: false,
      determining: [],
      errors: [],
    })
  })

  it('take away from quarantined agents, and ask before what is critical', () => {
    const critical = ORDERS_PLAN.actions.map((action) => ({ ...action, risk: 'critical' as const }))
    const set = load(`${DEFAULT_POLICIES}\n${PERMIT_ALL}`, critical)
    assert.deepEqual(set.evaluate(refundOf('1.0'), 'nothing').determining, ['critical-actions-ask'])
    assert.equal(set.evaluate(refundOf('1.0'), 'requestable').permitted, true)
    const quarantined = { ...refundOf('1.0'), entities: entities({ trust: 0 }) }
    assert.equal(set.evaluate(quarantined, 'requestable').permitted, false)
    const external = { ...refundOf('1.0', BOT), entities: entities({ trust: 1 }) }
    assert.deepEqual(set.evaluate(external, 'nothing').determining, [
      'external-agents-ask-before-writing',
    ])
  })
})

forEachPolicyEngine('an evaluation that is not clean', (load) => {
  it('denies when a forbid overflows, which Cedar would skip', () => {
    const set = load(
      `${PERMIT_ALL} @id("overflow") forbid (principal, action == Action::"things.do", resource)
       when { context.args has n && context.args.n * 9223372036854775807 > 5 };`,
      actionsWith({ n: { type: 'integer' } }),
    )
    assert.equal(set.evaluate(doing({ n: { integer: '0' } }), 'nothing').permitted, true)
    const answer = set.evaluate(doing({ n: { integer: '3' } }), 'nothing')
    assert.equal(answer.permitted, false)
    assert.deepEqual(
      answer.errors.map(({ policy }) => policy),
      ['overflow'],
    )
  })

  it('denies when an entity is unknown whose attribute a rule needs', () => {
    const set = load(
      `${PERMIT_ALL} @id("trust") forbid (principal, action, resource) when { context.agent.trust < 1 };`,
    )
    const answer = set.evaluate({ ...refundOf('1.0'), entities: [] }, 'nothing')
    assert.equal(answer.permitted, false)
    assert.equal(answer.errors[0]?.policy, 'trust')
  })

  it('denies when the request does not fit the schema', () => {
    const set = load(PERMIT_ALL)
    const query = refundOf('1.0')
    const bad: [string, object][] = [
      ['missing argument', { context: context({ order_id: '1042' }) }],
      [
        'more arguments',
        { context: context({ order_id: '1', amount: { decimal: '1.0' }, x: 'y' }) },
      ],
      [
        'another kind',
        { context: context({ order_id: { integer: '1' }, amount: { decimal: '1.0' } }) },
      ],
      ['a number that is none', { context: context({ order_id: '1', amount: { decimal: '1' } }) }],
      ['more context', { context: { ...query.context, root: true } }],
      ['an unknown action', { action: 'orders.nothing' }],
      ['a stand-in', { action: 'toString' }],
      ['a principal of another type', { principal: { type: 'Group', id: 'support' } }],
      ['an entity twice', { entities: [...query.entities, ...entities({ trust: 0 })] }],
      ['an ill-formed id', { principal: { type: 'Person', id: '\ud800' } }],
    ]
    for (const [what, change] of bad) {
      const answer = set.evaluate({ ...query, ...change }, 'nothing')
      assert.equal(answer.permitted, false, what)
      assert.equal(answer.errors.length, 1, what)
    }
    assert.equal(set.evaluate(query, 'nothing').permitted, true)
  })

  it('denies when the context of one action is that of another', () => {
    const set = load(PERMIT_ALL)
    const query = refundOf('1.0')
    assert.equal(set.evaluate(query, 'nothing').permitted, true)
    const answer = set.evaluate({ ...query, action: 'orders.read' }, 'nothing')
    assert.deepEqual([answer.permitted, answer.errors.length], [false, 1])
    assert.equal(set.evaluate(query, 'nothing').permitted, true)
  })

  it('denies when an entity does not fit the schema, or is above itself', () => {
    const set = load(PERMIT_ALL)
    const query = refundOf('1.0')
    const [sam = assert.fail(), bot = assert.fail()] = query.entities
    const group = (id: string, ...parents: PolicyEntity['parents']) => ({
      uid: { type: 'Group', id },
      attributes: {},
      parents,
    })
    const { trust: _, ...untrusted } = bot.attributes
    const bad: [string, PolicyEntity[]][] = [
      ['an attribute that is missing', [sam, { ...bot, attributes: untrusted }]],
      [
        'one that is not declared',
        [{ ...sam, attributes: { ...sam.attributes, root: true } }, bot],
      ],
      ['another kind', [sam, { ...bot, attributes: { ...bot.attributes, trust: 'high' } }]],
      [
        'a reference to another type',
        [sam, { ...bot, attributes: { ...bot.attributes, owner: { entity: BOT } } }],
      ],
      [
        'a number that is none',
        [sam, { ...bot, attributes: { ...bot.attributes, trust: { integer: '03' } } }],
      ],
      ['a parent of another type', [{ ...sam, parents: [BOT] }, bot]],
      ['a type that is not declared', [sam, bot, { ...sam, uid: { type: 'Robot', id: 'r' } }]],
      ['tags', [{ ...sam, tags: { a: 'b' } }, bot]],
      [
        'a loop',
        [sam, bot, group('a', { type: 'Group', id: 'b' }), group('b', { type: 'Group', id: 'a' })],
      ],
    ]
    for (const [what, entities] of bad) {
      const answer = set.evaluate({ ...query, entities }, 'nothing')
      assert.equal(answer.permitted, false, what)
      assert.equal(answer.errors.length, 1, what)
    }
    assert.equal(set.evaluate({ ...query, entities: [sam, bot] }, 'nothing').permitted, true)
  })
})

forEachPolicyEngine('a decision', (load) => {
  const passed = (gate: 'credential' | 'liveness') =>
    ({ gate, passed: true, detail: 'fine' }) as const
  const known = entities()
  const is = (type: string) => known.filter(({ uid }) => uid.type === type)
  const [person = assert.fail()] = is('Person')
  const agents = is('Agent')
  const { args: _, ...rest } = context({})

  function facts(n: string): CallFacts {
    return {
      credential: passed('credential'),
      liveness: passed('liveness'),
      details: [{ type: 'remit_call', locations: ['things'], actions: ['things.do'], bounds: [] }],
      call: {
        location: 'things',
        resource: 'things',
        action: 'things.do',
        risk: 'medium',
        arguments: new Map<string, TypedValue>([['n', { kind: 'integer', text: n }]]),
      },
      kindOf: () => 'integer',
      person,
      sponsored: false,
      intersectWith: [],
      agents,
      entities: is('Resource'),
      context: rest,
      external: [],
      lifted: [],
      budgets: [],
      obligations: [],
      doable: [],
    }
  }

  it('is requestable where a forbid holds, and never where one fails', () => {
    const set = load(
      `${PERMIT_ALL} @id("ask") @requestable("") @approvers("group:finance")
       forbid (principal is Person, action == Action::"things.do", resource)
       when { context.args has n && context.args.n * 9223372036854775807 > 5 };`,
      actionsWith({ n: { type: 'integer' } }),
    )
    assert.equal(decide(facts('0'), set).outcome, 'permit')
    assert.equal(decide(facts('1'), set).outcome, 'requestable')
    const lifted = set.requestable.get('ask')
    assert.ok(lifted)
    assert.equal(decide({ ...facts('1'), lifted: [lifted] }, set).outcome, 'permit')
    const failing = decide({ ...facts('3'), lifted: [lifted] }, set)
    assert.equal(failing.outcome, 'deny')
    assert.equal(failing.reason, 'policy.error')
  })
})

forEachPolicyEngine('values on their way to Cedar', (load) => {
  const set = load(
    `@id("who") permit (principal, action == Action::"things.do", resource)
     when { context.args has owner && context.args.owner == "x" };
     @id("most") permit (principal, action == Action::"things.do", resource)
     when { context.args has n && context.args.n == 9223372036854775807 };
     @id("least") permit (principal, action == Action::"things.do", resource)
     when { context.args has n && context.args.n == -9223372036854775808 };`,
    actionsWith({
      owner: { type: 'string' },
      n: { type: 'integer' },
      free: { type: 'object', properties: { a: { type: 'string' } } },
    }),
  )

  it('are whole 64-bit integers, not floating point', () => {
    const answer = (n: string) => set.evaluate(doing({ n: { integer: n } }), 'nothing')
    assert.deepEqual(answer('9223372036854775807').determining, ['most'])
    assert.deepEqual(answer('-9223372036854775808').determining, ['least'])
    assert.deepEqual(answer('9223372036854775806').determining, [])
    for (const text of ['9223372036854775808', '1.0', '1e3', '5, "x": 1', '', '٣']) {
      assert.equal(answer(text).errors.length, 1, text)
    }
  })

  it('cannot become references or extension values', () => {
    const shapes: PolicyRecord[] = [
      { __entity: { record: { type: 'Person', id: 'psn_sam' } } },
      { __extn: { record: { fn: 'decimal', arg: '1.0' } } },
      { __expr: 'principal' },
      JSON.parse('{"__proto__":{"record":{}}}'),
    ]
    for (const shape of shapes) {
      for (const args of [{ owner: { record: shape } }, { free: { record: shape } }, shape]) {
        const answer = set.evaluate(doing(args), 'nothing')
        assert.deepEqual(answer.determining, [], JSON.stringify(shape))
        assert.equal(answer.errors.length, 1, JSON.stringify(shape))
      }
    }
    const text = '{"__entity":{"type":"Person","id":"psn_sam"}}'
    assert.deepEqual(
      set.evaluate(doing({ owner: text }), 'nothing').errors,
      [],
      'a string is a string',
    )
    assert.equal(set.evaluate(doing({ owner: 'x' }), 'nothing').permitted, true)
  })
})

forEachPolicyEngine('loading', (load, engine) => {
  it('refuses a set that was not validated', () => {
    const schema = schemaFor([])
    for (const text of [
      'permit (principal, action, resource);',
      `${PERMIT_ALL} ${PERMIT_ALL}`,
      '@id("x") permit (principal',
      '@id("x") @requestable("") forbid (principal, action, resource);',
      '@id("x") permit (principal = ?principal, action, resource);',
      '@id("x") link (template == "nobody", ?principal == Agent::"a");',
    ]) {
      assert.throws(() => loadPolicySet({ version: 1, text, schema }, engine), Problem, text)
    }
  })

  it('keeps sets apart that are in use at the same time', () => {
    const sets = [PERMIT_ALL, '@id("none") forbid (principal, action, resource);', PERMIT_ALL].map(
      (text) => load(text),
    )
    for (const _ of [1, 2]) {
      const permitted = sets.map((set) => set.evaluate(refundOf('1.0'), 'nothing').permitted)
      assert.deepEqual(permitted, [true, false, true])
    }
  })

  it('asks only the policies whose action scope fits, and all of those', () => {
    const set = load(`
      @id("all") permit (principal, action, resource);
      @id("eq") permit (principal, action == Action::"orders.refund", resource);
      @id("in") permit (principal, action in Action::"write", resource);
      @id("risk") permit (principal, action in [Action::"risk:high", Action::"risk:low"], resource);
      @id("read") permit (principal, action in Action::"read", resource);
      @id("other") permit (principal, action == Action::"orders.read", resource);
      @id("self") permit (principal, action in [Action::"orders.refund"], resource);`)
    assert.deepEqual(set.evaluate(refundOf('1.0'), 'nothing').determining.toSorted(), [
      'all',
      'eq',
      'in',
      'risk',
      'self',
    ])
  })
})

type PolicyRecord = Record<string, PolicyValue>
