import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRequest } from '../../../approvals/access-requests/index.ts'
import { exactly } from '../../../approvals/approvals/allowance/pattern.ts'
import { answerRequest, shownDigest } from '../../../approvals/approvals/index.ts'
import { addMember, createGroup } from '../../../identity/people/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { type HeldTask, refund, type World, worldsOver } from '../testing.ts'

const by = 'operator'
const PERMIT = '@id("all") permit (principal, action, resource);'
const forbid = (id: string, annotations: string, most: string) =>
  `@id("${id}") @requestable("") ${annotations}
forbid (principal is Person, action == Action::"orders.refund", resource) when { context.args.amount.greaterThan(decimal("${most}")) };`

const MONEY = forbid(
  'money',
  '@approvers("group:finance") @quorum("2") @lifetime("PT2H")',
  '100.00',
)
const LAW = forbid('law', '@approvers("group:law") @lifetime("PT30M")', '500.00')
const MORE = forbid('more', '@approvers("group:law")', '10.00')

forEachEngine('a call that several forbids stand in the way of', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: Parameters<typeof worlds.own>[0]) {
    const world = await worlds.own(t)
    const { parts } = world
    await createGroup(parts, { name: 'law', description: '', by })
    await addMember(parts, { personId: world.ada.id, group: 'law', by })
    const ada = await world.signIn('ada')
    const rules = (...texts: string[]) =>
      publishPolicies(parts, { text: [PERMIT, ...texts].join('\n'), by, note: 'test' })
    await rules(MONEY, LAW)
    const held = await world.open()
    return { world, parts, ada, rules, held, token: await world.token(held) }
  }

  async function ask(world: World, held: HeldTask, token: string, amount = '900.00') {
    const verdict = await world.decide(held, token, refund(amount))
    assert.ok(verdict.outcome === 'requestable', verdict.outcome)
    const request = await findRequest(world.parts, verdict.request.id)
    assert.ok(request)
    return request
  }

  test('asks all their approvers, the greatest quorum, for the shortest time', async (t) => {
    const { ada, held, parts, token, world } = await begin(t)
    const request = await ask(world, held, token)
    assert.deepEqual(
      request.ask.forbids.map(({ id }) => id),
      ['law', 'money'],
    )
    assert.deepEqual(request.ask.approvers, [['group:law'], ['group:finance']])
    assert.deepEqual([request.ask.quorum, request.ask.lifetimeSeconds], [2, 1800])
    // Every rule by two people: one of the law and two of finance are not enough.
    await world.answer(request.id, world.finn, 'approve')
    await world.answer(request.id, world.fay, 'approve')
    assert.equal((await world.answer(request.id, ada, 'approve')).state, 'pending')
    await addMember(parts, { personId: world.finn.id, group: 'law', by })
    assert.equal((await ask(world, held, token)).id, request.id)
  })

  test('an approval lifts what it was given for, and nothing that came since', async (t) => {
    const { held, parts, rules, token, world } = await begin(t)
    await addMember(parts, { personId: world.finn.id, group: 'law', by })
    await addMember(parts, { personId: world.fay.id, group: 'law', by })
    const request = await ask(world, held, token)
    const finn = await world.signIn('finn', 'finance')
    const fay = await world.signIn('fay', 'finance')
    await world.answer(request.id, finn, 'approve')
    assert.equal((await world.answer(request.id, fay, 'approve')).state, 'approved')
    await rules(MONEY, LAW, MORE)
    const again = await ask(world, held, token)
    assert.notEqual(again.id, request.id)
    assert.deepEqual(
      again.ask.forbids.map(({ id }) => id),
      ['law', 'money', 'more'],
    )
    // The same in other words is another rule, too.
    await rules(MONEY, LAW.replace('500.00', '400.00'))
    assert.notEqual((await ask(world, held, token)).id, request.id)
  })

  test('an allowance lifts what it was given for: with another forbid beside it, people are asked', async (t) => {
    const { held, parts, rules, token, world } = await begin(t)
    await rules(MONEY.replace('@quorum("2") ', ''))
    const request = await ask(world, held, token)
    const pattern = exactly(request.inspected ?? [])
    const allowance = { tie: 'task', uses: 5, lifeSeconds: null, pattern } as const
    await answerRequest(parts, {
      requestId: request.id,
      person: world.finn,
      answer: 'approve',
      allowance,
      shown: shownDigest(request, allowance),
      authTime: 0,
    })
    assert.equal((await world.decide(held, token, refund('900.00'))).outcome, 'permit')
    await rules(MONEY.replace('@quorum("2") ', ''), LAW)
    const asked = await ask(world, held, token)
    assert.deepEqual(
      asked.ask.forbids.map(({ id }) => id),
      ['law', 'money'],
    )
    await rules(MONEY.replace('@quorum("2") ', ''))
    assert.equal((await world.decide(held, token, refund('900.00'))).outcome, 'permit')
  })
})
