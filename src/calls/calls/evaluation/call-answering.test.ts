import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { SubmissionDesk } from '../../../extensions/authzen/submissions/index.ts'
import { suspendAgent } from '../../../identity/agents/index.ts'
import { clientKey } from '../../../identity/machine-clients/index.ts'
import { LEASE_MS } from '../../../platform/revocation/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { READ, REFUND_DESK, worldsOver } from '../testing.ts'
import { CallAnswerer } from './call-answering.ts'

const OTHERS = `${REFUND_DESK}
@id("others") permit (principal == Agent::"somebody-else", action == Action::"orders.read", resource);`
const NO_MORE = `${REFUND_DESK}
@id("stop") forbid (principal, action == Action::"orders.read", resource);`

forEachEngine('an answer about a call that is about to be told', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const { parts } = world
    const held = await world.open()
    const { action, arguments: given, origin, resource } = await world.call(held, '', READ)
    await parts.storage.transaction((tx) => parts.live.begin(tx, clientKey('edge')))
    const view = await parts.live.view([clientKey('edge')])
    const desk = new SubmissionDesk(parts.storage.read)
    const asker = { pep: 'edge', namesTasks: true, takes: false, view, desk }
    const answerer = new CallAnswerer(parts, asker, { append: async () => {} })
    const answer = await answerer.answer({
      ...{ resource, action, arguments: given, origin },
      task: held.opened.task.id,
      subject: { is: 'agent', id: 'refund-bot' },
      can: () => false,
    })
    assert.deepEqual([answer.outcome, answerer.stands()], ['permit', true], answer.detail)
    const publish = (text: string) => publishPolicies(parts, { text, by: 'operator', note: '' })
    const isSo = async () => [answerer.stands(), await answerer.stillStands(), answerer.stands()]
    return { parts, publish, isSo }
  }

  test('core M1: is told after a lease that ran out, and not after a change meanwhile', async (t) => {
    const { isSo, parts } = await begin(t)
    parts.clock.advance(LEASE_MS)
    assert.deepEqual(await isSo(), [false, true, true])
    await suspendAgent(parts, { agentId: 'refund-bot', by: 'operator', reason: '' })
    parts.clock.advance(LEASE_MS)
    assert.deepEqual(await isSo(), [false, false, false])
  })

  test('core M1: is told to no enforcement point that was removed meanwhile', async (t) => {
    const { isSo, parts } = await begin(t)
    const removed = { ...clientKey('edge'), state: 'ended' } as const
    await parts.storage.transaction((tx) => parts.live.raise(tx, [removed]))
    parts.clock.advance(LEASE_MS)
    assert.deepEqual(await isSo(), [false, false, false])
  })

  test('G5: is told under policies that permit the same, and not under those that do not', async (t) => {
    const { isSo, publish } = await begin(t)
    await publish(OTHERS)
    assert.deepEqual(await isSo(), [false, true, true])
    await publish(NO_MORE)
    assert.deepEqual(await isSo(), [false, false, false])
  })
})
