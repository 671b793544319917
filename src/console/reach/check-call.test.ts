import assert from 'node:assert/strict'
import { test } from 'node:test'
import { REFUND_DESK, type World, worldsOver } from '../../calls/calls/testing.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { checkCall, type HypotheticalCall } from './check-call.ts'

forEachEngine('a check', (open) => {
  const worlds = worldsOver(open)

  function check(world: World, changed: Partial<HypotheticalCall> = {}) {
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
})
