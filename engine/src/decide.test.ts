import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decide, stopEarly } from './decide.ts'
import { type CallFacts, GATES, type GateResult } from './gates.ts'
import type { PolicyQuery, PolicySet } from './policy.ts'
import { entity, type FakePolicy, facts, policySet, requestable } from './policy-testing.ts'

const ALL: FakePolicy = { id: 'all', effect: 'permit', says: () => 'yes' }
const PERSONS: FakePolicy = {
  id: 'persons',
  effect: 'permit',
  says: (query) => (query.principal.type === 'Person' ? 'yes' : 'no'),
}
const NEVER: FakePolicy = { id: 'never', effect: 'forbid', says: () => 'yes' }

/** A requestable forbid that stands in everyone's way, or in that of one principal. */
function asks(
  id: string,
  changed: Parameters<typeof requestable>[1] = {},
  principal?: string,
): FakePolicy {
  const says = (query: PolicyQuery) =>
    !principal || query.principal.id === principal ? 'yes' : 'no'
  return { id, effect: 'forbid', says, requestable: requestable(id, changed) }
}

function broken(effect: 'permit' | 'forbid', ask = false): FakePolicy {
  const policy: FakePolicy = { id: 'broken', effect, says: () => 'error' }
  return ask ? { ...policy, requestable: requestable('broken') } : policy
}

function denied(changed: Partial<CallFacts>, policies: PolicySet | readonly FakePolicy[] = [ALL]) {
  const decision = decide(facts(changed), 'evaluate' in policies ? policies : policySet(policies))
  assert.equal(decision.outcome, 'deny')
  assert.ok(decision.outcome === 'deny' && decision.detail !== '')
  return decision
}

function asked(changed: Partial<CallFacts>, policies: readonly FakePolicy[]) {
  const decision = decide(facts(changed), policySet(policies))
  assert.ok(decision.outcome === 'requestable', decision.outcome)
  return decision
}

function permitted(changed: Partial<CallFacts>, policies: readonly FakePolicy[] = [ALL]) {
  const decision = decide(facts(changed), policySet(policies))
  assert.ok(decision.outcome === 'permit', JSON.stringify(decision))
  return decision
}

const fail = (gate: 'credential' | 'liveness', reason: string): GateResult => ({
  gate,
  passed: false,
  reason,
  detail: 'no',
})

test('a call is permitted when every gate passes, and every gate has its say', () => {
  const decision = permitted({})
  assert.deepEqual(
    decision.gates.map(({ gate }) => gate),
    [...GATES],
  )
  assert.deepEqual(decision.lifted, [])
})

test('a token that was narrowed covers less than its task', () => {
  const { details } = facts({})
  assert.equal(permitted({ narrowed: details }).outcome, 'permit')
  for (const narrowed of [[], details.map((detail) => ({ ...detail, actions: ['orders.read'] }))]) {
    assert.equal(denied({ narrowed }).reason, 'token.not_covered')
    assert.equal(denied({ narrowed, details: [] }).reason, 'task.not_covered')
  }
})

test('without any policy everything is denied', () => {
  const decision = denied({}, [])
  assert.equal(decision.reason, 'person.not_permitted')
  assert.equal(decision.detail, 'no policy permits person psn_ann to do orders.refund on orders')
})

test('a bad credential stops before anything else is looked at', () => {
  const evaluate = () => assert.fail('policies were asked')
  const policies: PolicySet = {
    version: 1,
    requestable: new Map(),
    obligations: new Map(),
    evaluate,
  }
  const decision = denied({ credential: fail('credential', 'token.expired') }, policies)
  assert.equal(decision.reason, 'token.expired')
  assert.deepEqual(
    decision.gates.map(({ gate }) => gate),
    ['credential'],
  )
})

test('a closed task stops after the credential', () => {
  const decision = denied({ liveness: fail('liveness', 'task.closed') })
  assert.equal(decision.reason, 'task.closed')
  assert.deepEqual(
    decision.gates.map(({ gate }) => gate),
    ['credential', 'liveness'],
  )
  assert.equal(stopEarly(facts().credential, facts().liveness), undefined)
  assert.equal(stopEarly(fail('credential', 'token.malformed'))?.reason, 'token.malformed')
})

test('a gate that failed without a reason still denies, by its own name', () => {
  assert.equal(
    denied({ liveness: { gate: 'liveness', passed: false, detail: 'no' } }).reason,
    'liveness.failed',
  )
})

test('all other gates are evaluated even when several fail, and the first is the reason', () => {
  const decision = denied({ details: [], external: [{ name: 'opa', answer: 'deny' }] }, [
    PERSONS,
    NEVER,
  ])
  assert.equal(decision.reason, 'task.not_covered')
  const failed = decision.gates.filter(({ passed }) => !passed).map(({ reason }) => reason)
  assert.deepEqual(failed, [
    'task.not_covered',
    'person.not_permitted',
    'agent.not_permitted',
    'external.denied',
  ])
  assert.equal(decision.gates.length, GATES.length)
})

test('the person alone does not suffice, and neither does the agent', () => {
  assert.equal(denied({}, [PERSONS]).reason, 'agent.not_permitted')
  const agents: FakePolicy = {
    ...PERSONS,
    says: (query) => (query.principal.type === 'Agent' ? 'yes' : 'no'),
  }
  assert.equal(denied({}, [agents]).reason, 'person.not_permitted')
})

test('every agent in the chain must be permitted', () => {
  const agents = ['refund-bot', 'planner', 'front-desk'].map((id) => entity('Agent', id))
  assert.equal(permitted({ agents }).gates.filter(({ gate }) => gate === 'agent').length, 3)
  const not: FakePolicy = {
    ...NEVER,
    says: (query) => (query.principal.id === 'front-desk' ? 'yes' : 'no'),
  }
  const decision = denied({ agents }, [ALL, not])
  assert.equal(decision.reason, 'agent.not_permitted')
  assert.deepEqual(
    decision.gates.filter(({ passed }) => !passed).map(({ subject }) => subject),
    ['front-desk'],
  )
})

test('a chain without agents permits nothing', () => {
  assert.equal(denied({ agents: [] }).reason, 'agent.not_permitted')
})

test('where the space says intersection, every participant must be permitted', () => {
  const intersectWith = [entity('Person', 'psn_ann'), entity('Person', 'psn_bob')]
  assert.equal(permitted({ intersectWith }).gates.filter(({ gate }) => gate === 'person').length, 2)
  const not: FakePolicy = {
    ...NEVER,
    says: (query) => (query.principal.id === 'psn_bob' ? 'yes' : 'no'),
  }
  assert.equal(denied({ intersectWith }, [ALL, not]).reason, 'person.not_permitted')
})

test('an error in any policy that applies denies, whatever the others say, and is never requestable', () => {
  for (const policy of [broken('permit'), broken('forbid'), broken('forbid', true)]) {
    for (const others of [[ALL], [ALL, asks('large')], [NEVER]]) {
      const decision = denied({}, [...others, policy])
      assert.equal(decision.reason, 'policy.error')
      assert.deepEqual(decision.gates.find(({ reason }) => reason === 'policy.error')?.policies, [
        'broken',
      ])
    }
  }
})

test('an error denies also with an approval in hand', () => {
  const lifted = [{ id: 'large', digest: 'digest of large' }]
  assert.equal(denied({ lifted }, [ALL, asks('large'), broken('permit')]).reason, 'policy.error')
})

test('an error that shows only without requestable forbids denies too', () => {
  const { evaluate, ...rest } = policySet([ALL, asks('large')])
  const policies: PolicySet = {
    ...rest,
    evaluate(query, without) {
      const answer = evaluate(query, without)
      return without === 'nothing'
        ? answer
        : { ...answer, errors: [{ policy: 'late', message: 'overflow' }] }
    },
  }
  assert.equal(denied({}, policies).reason, 'policy.error')
})

test('an evaluator that throws denies, and its message reaches operators only', () => {
  const policies: PolicySet = {
    version: 1,
    requestable: new Map(),
    obligations: new Map(),
    evaluate: () => {
      throw new Error('out of memory at 0xdead')
    },
  }
  const decision = denied({}, policies)
  assert.equal(decision.reason, 'policy.error')
  assert.ok(!`${decision.detail}${decision.enough}`.includes('0xdead'))
  assert.match(decision.gates.find(({ gate }) => gate === 'person')?.note ?? '', /0xdead/)
})

test('an evaluator that contradicts itself denies: it permits without forbids that did not forbid', () => {
  for (const determining of [[], ['someone-else'], ['large', 'someone-else']]) {
    const policies: PolicySet = {
      version: 1,
      requestable: new Map([['large', requestable('large')]]),
      obligations: new Map(),
      evaluate: (_query, without) => ({
        permitted: without === 'requestable',
        determining,
        errors: [],
      }),
    }
    const lifted = [{ id: 'large', digest: 'digest of large' }]
    assert.equal(denied({ lifted }, policies).reason, 'policy.error')
  }
})

test('an argument that is not exactly representable denies instead of becoming another value', () => {
  const { call } = facts()
  const inexact = {
    ...call,
    arguments: new Map([['amount', { kind: 'decimal' as const, text: '0.00001' }]]),
  }
  const decision = denied({ call: inexact })
  assert.equal(decision.reason, 'policy.error')
  assert.match(
    decision.gates.find(({ gate }) => gate === 'person')?.note ?? '',
    /\/amount is not an exact decimal/,
  )
})

test('when only requestable forbids stand in the way, people are asked', () => {
  const { ask, reason, enough, gates } = asked({}, [ALL, asks('large')])
  assert.equal(reason, 'approval.required')
  assert.equal(enough, 'an approval by group:finance')
  assert.deepEqual(
    gates.filter(({ passed }) => !passed).map(({ gate }) => gate),
    ['approval'],
  )
  assert.deepEqual(ask, {
    forbids: [{ id: 'large', digest: 'digest of large' }],
    approvers: [['group:finance']],
    quorum: 1,
    lifetimeSeconds: 3600,
    risk: 'high',
    self: false,
    prompts: [],
  })
})

test('M8: enough is as many people as a rule asks for', () => {
  const { enough } = asked({}, [ALL, asks('large', { quorum: 2 })])
  assert.equal(enough, 'approvals by 2 of group:finance')
})

test('what people are asked takes every rule of every forbid, at its strictest', () => {
  const { ask } = asked({}, [
    ALL,
    asks(
      'large',
      {
        approvers: ['group:finance'],
        quorum: 1,
        lifetimeSeconds: 3600,
        self: true,
        prompt: 'Large refund',
      },
      'psn_ann',
    ),
    asks(
      'abroad',
      { approvers: ['group:legal', 'psn_zoe'], quorum: 2, lifetimeSeconds: 600, self: false },
      'refund-bot',
    ),
    asks('night', {
      approvers: ['group:finance'],
      lifetimeSeconds: 900,
      self: true,
      prompt: 'At night',
    }),
  ])
  assert.deepEqual(
    ask.forbids.map(({ id }) => id),
    ['abroad', 'large', 'night'],
  )
  assert.deepEqual(ask.approvers, [['group:legal', 'psn_zoe'], ['group:finance']])
  assert.equal(ask.quorum, 2)
  assert.equal(ask.lifetimeSeconds, 600)
  assert.equal(ask.self, false)
  assert.deepEqual(ask.prompts, ['Large refund', 'At night'])
  assert.ok(asked({}, [ALL, asks('own', { self: true })]).ask.self)
})

test('people are not asked when their answer would not be enough', () => {
  const large = asks('large')
  assert.equal(denied({ details: [] }, [ALL, large]).reason, 'task.not_covered')
  assert.equal(denied({}, [large]).reason, 'person.not_permitted')
  assert.equal(denied({}, [ALL, NEVER, large]).reason, 'person.not_permitted')
  assert.equal(denied({}, [PERSONS, large]).reason, 'agent.not_permitted')
  assert.equal(
    denied({ external: [{ name: 'opa', answer: 'deny' }] }, [ALL, large]).reason,
    'external.denied',
  )
  assert.equal(
    denied({ budgets: [{ name: 'calls', left: false, detail: '0 of 10 left' }] }, [ALL, large])
      .reason,
    'budget.exhausted',
  )
  const obligations = [{ id: '1', type: 'watermark', properties: {} }]
  assert.equal(denied({ obligations }, [ALL, large]).reason, 'obligation.unknown')
})

test('an approval lifts the forbids that it names, and tells which', () => {
  const lifted = [
    { id: 'large', digest: 'digest of large' },
    { id: 'unrelated', digest: 'x' },
  ]
  const decision = permitted({ lifted }, [ALL, asks('large')])
  assert.deepEqual(decision.lifted, [{ id: 'large', digest: 'digest of large' }])
  assert.deepEqual(decision.gates.find(({ gate }) => gate === 'approval')?.policies, ['large'])
})

test('an approval that is not needed is not used', () => {
  assert.deepEqual(
    permitted({ lifted: [{ id: 'large', digest: 'digest of large' }] }, [ALL]).lifted,
    [],
  )
})

test('an approval of another wording of the forbid lifts nothing', () => {
  const { ask } = asked({ lifted: [{ id: 'large', digest: 'digest of yesterday' }] }, [
    ALL,
    asks('large'),
  ])
  assert.deepEqual(ask.forbids, [{ id: 'large', digest: 'digest of large' }])
})

test('an approval of one forbid does not lift another with the same text', () => {
  asked({ lifted: [{ id: 'other', digest: 'digest of large' }] }, [ALL, asks('large')])
})

test('a forbid that came after the approval is asked for, together with the ones already answered', () => {
  const { ask } = asked({ lifted: [{ id: 'large', digest: 'digest of large' }] }, [
    ALL,
    asks('large'),
    asks('night'),
  ])
  assert.deepEqual(
    ask.forbids.map(({ id }) => id),
    ['large', 'night'],
  )
})

test('an approval never lifts a forbid that is not requestable, nor stands in for a permit', () => {
  const lifted = ['never', 'large', 'all'].map((id) => ({ id, digest: `digest of ${id}` }))
  assert.equal(denied({ lifted }, [ALL, NEVER, asks('large')]).reason, 'person.not_permitted')
  assert.equal(denied({ lifted }, [asks('large')]).reason, 'person.not_permitted')
})

test('external answers can only reduce', () => {
  permitted({ external: [{ name: 'opa', answer: 'permit' }] })
  assert.equal(
    denied({ external: [{ name: 'opa', answer: 'permit' }] }, []).reason,
    'person.not_permitted',
  )
  assert.equal(
    denied({
      external: [
        { name: 'opa', answer: 'permit' },
        { name: 'fga', answer: 'deny' },
      ],
    }).reason,
    'external.denied',
  )
  assert.equal(denied({ external: [{ name: 'opa', answer: 'failed' }] }).reason, 'external.failed')
})

test('an obligation that cannot be done denies; one that can comes with the permit', () => {
  const obligations = [
    { id: '1', type: 'notification', properties: { to: 'ops' } },
    { id: '2', type: 'watermark', properties: {} },
  ]
  assert.deepEqual(
    permitted({ obligations, doable: ['watermark', 'notification'] }).obligations,
    obligations,
  )
  const decision = denied({ obligations, doable: ['notification'] })
  assert.equal(decision.reason, 'obligation.unknown')
  assert.match(decision.detail, /watermark/)
})

test('every budget must have something left', () => {
  const budgets = [
    { name: 'calls', left: true, detail: '3 of 10 left' },
    { name: 'amount', left: false, detail: '0.00 left' },
  ]
  assert.equal(denied({ budgets }).reason, 'budget.exhausted')
  permitted({ budgets: budgets.slice(0, 1) })
})

test('policies see the arguments, the person, the agents and the facts, and facts cannot replace them', () => {
  const queries: PolicyQuery[] = []
  const says = (query: PolicyQuery) => {
    queries.push(query)
    return 'yes' as const
  }
  const see: FakePolicy = { ...ALL, says }
  const { call } = facts()
  const forged = { entity: entity('Person', 'psn_admin').uid }
  const changed: Partial<CallFacts> = {
    call: { ...call, arguments: new Map([['amount', { kind: 'decimal', text: '40' }]]) },
    agents: [entity('Agent', 'refund-bot'), entity('Agent', 'planner')],
    context: {
      now: { datetime: '2026-01-01T00:00:00.000Z' },
      person: forged,
      agent: forged,
      args: { record: {} },
      chain: { set: [] },
    },
    entities: [
      entity('Group', 'support'),
      { ...entity('Person', 'psn_ann'), attributes: { email: 'forged' } },
    ],
  }
  permitted(changed, [see])
  assert.deepEqual(
    queries.map(({ principal }) => principal.id),
    ['psn_ann', 'refund-bot', 'planner'],
  )
  for (const query of queries) {
    assert.deepEqual(query.context, {
      now: { datetime: '2026-01-01T00:00:00.000Z' },
      args: { record: { amount: { decimal: '40.0' } } },
      person: { entity: { type: 'Person', id: 'psn_ann' } },
      agent: { entity: { type: 'Agent', id: 'refund-bot' } },
      chain: {
        set: [
          { entity: { type: 'Agent', id: 'refund-bot' } },
          { entity: { type: 'Agent', id: 'planner' } },
        ],
      },
    })
    assert.deepEqual(
      query.entities.map(({ uid }) => uid.id),
      ['psn_ann', 'refund-bot', 'planner', 'support'],
    )
    assert.deepEqual(query.entities[0]?.attributes, {})
  }
  permitted({ ...changed, sponsored: true }, [see])
  assert.ok(!('person' in (queries.at(-1)?.context ?? {})), 'with a sponsor no person is present')
})
