import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallParts } from '../../calls/calls/index.ts'
import {
  ALL_OF_ORDERS,
  ORDERS,
  REFUND_DESK,
  type World,
  worldsOver,
} from '../../calls/calls/testing.ts'
import type { Action } from '../../catalog/catalog/index.ts'
import { setCeiling, suspendAgent } from '../../identity/agents/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { loadPolicySet, schemaInSteps } from '../../policy/policy/index.ts'
import { grantBasis } from '../../tasks/consent/index.ts'
import { actionNamed, checkCall, type HypotheticalCall } from './check-call.ts'

forEachEngine('a check', (open) => {
  const worlds = worldsOver(open)

  function check(
    world: Pick<World, 'ada' | 'sam'> & { readonly parts: Parameters<typeof checkCall>[0] },
    changed: Partial<HypotheticalCall> = {},
  ) {
    return checkCall(world.parts, {
      personId: world.sam.id,
      sponsored: false,
      agentId: 'refund-bot',
      action: 'refund',
      arguments: { order_id: '1042', amount: '40.00' },
      by: world.ada.id,
      ...changed,
    })
  }

  const amount = (much: string) => ({ arguments: { order_id: '1042', amount: much } })

  test('says permit, asks and deny as a call would be answered, by short names', async () => {
    const world = await worlds.shared()
    const small = await check(world)
    assert.deepEqual(
      [small.verdict, small.action.name, small.basis],
      ['permit', 'orders.refund', 'covers'],
    )
    assert.deepEqual(
      [small.reason, small.detail, small.enough, small.policyVersion, small.ask],
      ['permitted', '', '', 1, undefined],
    )
    assert.ok(!small.gates.some(({ gate }) => gate === 'credential'), 'nothing is known of a token')
    const large = await check(world, amount('900'))
    assert.equal(large.verdict, 'requestable')
    assert.deepEqual(large.ask?.approvers, [['group:finance']])
    const huge = await check(world, amount('5000.01'))
    assert.deepEqual([huge.verdict, huge.reason], ['deny', 'agent.not_permitted'])
    const [rule] = huge.gates.find(({ gate }) => gate === 'agent')?.policies ?? []
    assert.match(rule?.why[0] ?? '', /amount is 5000\.01: more than 5000\.00/)
    const nobody = await check(world, { personId: world.ada.id })
    assert.equal(nobody.verdict, 'deny')
    const [nearest] = nobody.gates.find(({ gate }) => gate === 'person')?.nearest ?? []
    assert.match(nearest?.why[0] ?? '', /is not in group support/)
    assert.equal(nobody.basis, 'none')
  })

  test('of a mistyped agent, action or argument says what was probably meant', async () => {
    const world = await worlds.shared()
    const cases: readonly (readonly [Partial<HypotheticalCall>, string, RegExp])[] = [
      [
        { agentId: 'refnd-bot' },
        'agent.unknown',
        /no agent `refnd-bot`; did you mean `refund-bot`\?$/,
      ],
      [{ agentId: 'someone-else' }, 'agent.unknown', /no agent `someone-else`$/],
      [{ action: 'orders.refnud' }, 'action.unknown', /; did you mean `orders\.refund`\?$/],
      [{ action: 'refnud' }, 'action.unknown', /; did you mean `refund`\?$/],
      [{ action: 'fund' }, 'action.unknown', /; there is .*orders\.refund$/],
      [{ action: 'something.else' }, 'action.unknown', /no action `something\.else`$/],
      [
        { arguments: { order_id: '1042', amout: '40.00' } },
        'arguments.wrong_kind',
        /`amout` is not an argument; there is .*`order_id`; did you mean `amount`\?$/,
      ],
    ]
    for (const [changed, code, words] of cases) {
      await assert.rejects(check(world, changed), (error: unknown) => {
        assert.ok(error instanceof Problem)
        assert.equal(error.code, code)
        assert.match(error.detail, words)
        return true
      })
    }
  })

  test('of nobody present asks for the sponsor', async () => {
    const world = await worlds.shared()
    const { basis, verdict } = await check(world, { sponsored: true })
    assert.deepEqual([verdict, basis], ['deny', 'not needed'])
  })

  test('what was not said and matters is named, and the stricter answer is given', async () => {
    const world = await worlds.shared()
    const unsaid = await check(world, { arguments: { order_id: '1042' } })
    assert.deepEqual([unsaid.verdict, unsaid.dependsOn], ['deny', ['amount']])
    const enough = await check(world, { action: 'read', arguments: {} })
    assert.deepEqual([enough.verdict, enough.dependsOn], ['permit', []])
  })

  test('asks a draft instead of the policies in force', async () => {
    const world = await worlds.shared()
    const draft = REFUND_DESK.replace('decimal("100.00")', 'decimal("1000.00")')
    const { policyVersion, verdict } = await check(world, { ...amount('900'), draft })
    assert.deepEqual([verdict, policyVersion], ['permit', undefined])
  })

  test('knows what the gateway can do to an answer, and no more', async () => {
    const world = await worlds.shared()
    const with_ = (annotation: string) =>
      check(world, {
        action: 'read',
        arguments: { order_id: '1042' },
        draft: `${REFUND_DESK}\n@id("careful") ${annotation} permit (principal, action, resource);`,
      })
    assert.equal((await with_('@redact("/email") @notify("group:finance")')).verdict, 'permit')
    const unknown = await with_('@obligation("urn:example:watermark")')
    assert.deepEqual([unknown.verdict, unknown.reason], ['deny', 'obligation.unknown'])
  })

  test('is recorded as a check, with its arguments behind a commitment, and is no decision', async (t) => {
    const world = await worlds.own(t)
    await check(world, amount('41.5'))
    const records = (await world.parts.recorded()).filter(({ type }) => type === 'policy.checked')
    assert.deepEqual(
      records.map(({ by, outcome }) => [by, outcome]),
      [[world.ada.id, 'permit']],
    )
    assert.ok(!JSON.stringify(records).includes('41.5'))
    const rows = await world.parts.storage.read.selectFrom('decisions').select('id').execute()
    assert.deepEqual(rows, [])
  })

  test('of what is not there says what is', async () => {
    const world = await worlds.shared()
    const cases: readonly (readonly [Partial<HypotheticalCall>, string, RegExp])[] = [
      [{ action: 'refnd' }, 'action.unknown', /no action `refnd`/],
      [{ action: 'list-refund' }, 'action.unknown', /there is orders\.list-refunds/],
      [{ agentId: 'other' }, 'agent.unknown', /no agent/],
      [{ personId: 'psn_x' }, 'person.unknown', /no person/],
      [amount('much'), 'arguments.wrong_kind', /a number/],
      [
        { arguments: { amout: '1' } },
        'arguments.wrong_kind',
        /`amout` is not an argument; there is .*amount/,
      ],
    ]
    for (const [changed, code, words] of cases) {
      await assert.rejects(
        check(world, changed),
        (error: unknown) =>
          error instanceof Problem && error.code === code && words.test(error.detail),
        code,
      )
    }
  })

  test('a call outside the ceiling is told as that of the agent, and not of a task that there is not', async (t) => {
    const world = await worlds.own(t)
    const bounds = [{ path: '/amount', op: 'lte' as const, value: '10.00' }]
    const ceiling = [{ ...ALL_OF_ORDERS, actions: ['orders.refund'], bounds }]
    await setCeiling(world.parts, { agentId: 'refund-bot', ceiling, by: 'operator' })
    for (const [changed, detail, enough] of [
      [
        amount('40.00'),
        /^the ceiling of the agent does not cover amount 40\.00;/,
        'the ceiling of the agent that covers orders.refund where amount = 40.00',
      ],
      [
        { action: 'read', arguments: { order_id: '1042' } },
        /^the ceiling of the agent does not cover orders\.read;/,
        `the ceiling of the agent that covers orders.read at ${ORDERS}`,
      ],
    ] as const) {
      const { gates, ...told } = await check(world, changed)
      assert.deepEqual([told.verdict, told.reason], ['deny', 'agent.bad_ceiling'])
      assert.match(told.detail, detail)
      assert.equal(told.enough, enough)
      const coverage = gates.find(({ gate }) => gate === 'coverage')
      assert.deepEqual(
        [coverage?.passed, coverage?.detail, coverage?.enough],
        [false, told.detail, told.enough],
      )
      const others = gates.filter(({ gate }) => gate !== 'coverage')
      assert.ok(others.length > 0)
      assert.ok(!others.some((each) => each.detail?.startsWith('the ceiling of the agent')))
    }
  })

  test('words of the call itself stay as they are, where they speak of a task', async (t) => {
    const world = await worlds.own(t)
    const bounds = [{ path: '/note', op: 'eq' as const, value: 'a task' }]
    const ceiling = [{ ...ALL_OF_ORDERS, actions: ['orders.refund'], bounds }]
    await setCeiling(world.parts, { agentId: 'refund-bot', ceiling, by: 'operator' })
    const { enough } = await check(world)
    assert.equal(enough, 'a call of orders.refund where note = "a task"')
  })

  test('of what is suspended says which of them is', async (t) => {
    const world = await worlds.own(t)
    await suspendAgent(world.parts, { agentId: 'refund-bot', by: 'operator', reason: 'test' })
    const { reason, verdict } = await check(world)
    assert.deepEqual([verdict, reason], ['deny', 'agent.suspended'])
  })

  test('an action is meant by its end, or by the end of a name that it was given, where one alone has it', () => {
    const named = (name: string, names: readonly string[] = []) =>
      [name, { name, names } as unknown as Action] as const // as: its names alone are looked at
    const actions = new Map([
      named('orders.read', ['orders.look-up']),
      named('billing.read'),
      named('orders.close', ['orders.shut']),
      named('billing.close', ['billing.shut']),
      ...Array.from({ length: 10 }, (_, i) => named(`orders.item-${i}`)),
    ])
    const meant = (name: string) => actionNamed(name, actions).name
    assert.equal(meant('orders.read'), 'orders.read')
    assert.equal(meant('look-up'), 'orders.read')
    assert.equal(meant('item-3'), 'orders.item-3')
    const told = (name: string) => {
      let detail = ''
      assert.throws(
        () => meant(name),
        (error: Problem) => {
          detail = error.detail
          return error.code === 'action.unknown'
        },
      )
      return detail
    }
    assert.equal(told('read'), '`read` could be orders.read or billing.read')
    assert.equal(told('shut'), '`shut` could be orders.close or billing.close')
    const eight = Array.from({ length: 8 }, (_, i) => `orders.item-${i}`)
    assert.equal(told('item'), `there is no action \`item\`; there is ${eight.join(', ')}`)
  })

  test('an action whose API was removed is none', async () => {
    const world = await worlds.shared()
    const view = { ...(await world.parts.catalog.current()), resources: new Map() }
    const catalog = { ...world.parts.catalog, current: async () => view }
    const parts = { ...world.parts, catalog: catalog as unknown as CallParts['catalog'] } // as: nothing else is asked
    await assert.rejects(check({ parts, sam: world.sam, ada: world.ada }), {
      ...{ code: 'action.unknown', detail: 'the API of `orders.refund` was removed' },
    })
  })

  test('before the first policies are published, everything is denied, and no rules are read', async () => {
    const world = await worlds.shared()
    const { actions } = await world.parts.catalog.current()
    const set = loadPolicySet({
      ...{ version: 0, text: '', schema: await schemaInSteps(actions.values()) },
    })
    const policies = {
      active: async () => set,
      rules: () => assert.fail('there are none'),
    }
    const parts = { ...world.parts, policies: policies as unknown as CallParts['policies'] } // as: nothing else is asked
    const { policyVersion, verdict } = await check({ parts, sam: world.sam, ada: world.ada })
    assert.deepEqual([verdict, policyVersion], ['deny', 0])
  })

  test('a direct API says itself what it can do, so that nothing but a message is counted on', async () => {
    const world = await worlds.shared()
    const view = await world.parts.catalog.current()
    const resources = new Map(
      [...view.resources].map(([name, each]) => [name, { ...each, mode: 'direct' as const }]),
    )
    const current = async () => ({ ...view, resources })
    const parts = {
      ...world.parts,
      catalog: { ...world.parts.catalog, current } as unknown as CallParts['catalog'], // as: nothing else is asked
    }
    const with_ = async (annotation: string) => {
      const { reason, verdict } = await check(
        { parts, sam: world.sam, ada: world.ada },
        {
          ...{ action: 'read', arguments: { order_id: '1042' } },
          draft: `${REFUND_DESK}\n@id("careful") ${annotation} permit (principal, action, resource);`,
        },
      )
      return [verdict, reason]
    }
    assert.deepEqual(await with_('@notify("group:finance")'), ['permit', 'permitted'])
    const redacted = await with_('@redact("/email")')
    assert.equal(redacted[0], 'deny')
    assert.match(redacted[1] ?? '', /^obligation\./)
  })

  test('where small amounts are denied and large ones are not, the stricter answer is the one for small ones', async () => {
    const world = await worlds.shared()
    const draft = `${REFUND_DESK}
@id("not-nothing") forbid (principal, action == Action::"orders.refund", resource)
when { context.args.amount.lessThan(decimal("1.00")) };`.replaceAll(
      /greaterThan\(decimal\("(?:100|5000)\.00"\)\)/g,
      'lessThan(decimal("0.10"))',
    )
    const large = await check(world, { ...amount('9999.00'), draft })
    const small = await check(world, { ...amount('0.50'), draft })
    const unsaid = await check(world, { arguments: { order_id: '1042' }, draft })
    assert.deepEqual(
      [large, small, unsaid].map(({ verdict }) => verdict),
      ['permit', 'deny', 'deny'],
    )
    assert.deepEqual(unsaid.dependsOn, ['amount'])
  })

  test('where both fillings are answered the same, the first of them is told', async () => {
    const world = await worlds.shared()
    const amountIs = (id: string, test: string) =>
      `@id("${id}") forbid (principal is Agent, action, resource) when { context.args has amount && context.args.amount.${test} };`
    const draft = [
      REFUND_DESK,
      amountIs('small', 'lessThan(decimal("1.00"))'),
      amountIs('large', 'greaterThan(decimal("4000.00"))'),
    ].join('\n')
    const { dependsOn, gates, verdict } = await check(world, {
      ...{ arguments: { order_id: '1042' }, draft },
    })
    assert.deepEqual([verdict, dependsOn], ['deny', []])
    const [rule] = gates.find(({ gate }) => gate === 'agent')?.policies ?? []
    assert.equal(rule?.id, 'small')
  })

  test('a basis is enough where what the person allowed and what administrators allowed both are', async (t) => {
    const world = await worlds.own(t)
    const grant = (actions: readonly string[]) =>
      grantBasis(world.parts, {
        ...{ personId: world.sam.id, agentId: 'refund-bot', kind: 'admin', grantedBy: 'psn_ada' },
        details: [{ ...ALL_OF_ORDERS, actions }],
      })
    await grant(['orders.read'])
    assert.equal((await check(world)).basis, 'does not cover')
    await grant(['orders.refund'])
    assert.equal((await check(world)).basis, 'covers')
  })
})
