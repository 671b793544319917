import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { findRequest, listForApprover } from '../../../approvals/access-requests/index.ts'
import {
  ALL_OF_ORDERS,
  newKey,
  ORDERS,
  REFUND_DESK,
  worldsOver,
} from '../../../calls/calls/testing.ts'
import { suspendPerson } from '../../../identity/sessions/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { listTasks } from '../../../tasks/tasks/index.ts'
import { issueResourceToken } from '../../issuance/issue-resource-token.ts'
import { openTask } from '../openings/open-task.ts'
import { cancelDeferral } from './cancel.ts'
import { DeferralWorld, pollReason } from './testing.ts'

const RULE = (prompt: string) => `
@id("openings-ask") @requestable("${prompt}") @approvers("group:finance") @lifetime("PT30M")
forbid (principal is Person, action == Action::"issue:access_token:token_exchange", resource);
`

forEachEngine('openings that rules make wait for people', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext, { consented = true } = {}) {
    const world = await worlds.own(t)
    const { parts, finn } = world
    const waiting = await DeferralWorld.in(world)
    const publish = (prompt: string) =>
      publishPolicies(parts, { text: REFUND_DESK + RULE(prompt), by: 'operator', note: 'test' })
    await publish('Somebody of finance looks at it.')
    if (consented) await world.allow([ALL_OF_ORDERS])
    const asked = async () => findRequest(parts, (await listForApprover(parts, finn))[0]?.id ?? '')
    const answer = async (say: 'approve' | 'deny', by = finn) => {
      const request = await asked()
      if (!request) throw new Error('nothing is asked')
      return world.answer(request.id, by, say)
    }
    const tasks = async () => (await listTasks(parts.storage.read, { limit: 100 })).length
    return { world, parts, waiting, publish, asked, answer, tasks, finn }
  }

  test('without the word of the agent they are refused, and nobody is asked', async (t) => {
    const { asked, tasks, waiting } = await begin(t)
    assert.equal(pollReason(await waiting.try({ defer: undefined })), 'issuance.approval_needed')
    assert.equal(await asked(), undefined)
    assert.equal(await tasks(), 0)
  })

  test('are opened once people approved, for no longer than that, and their tokens are issued', async (t) => {
    const { answer, asked, parts, tasks, waiting, world } = await begin(t)
    const held = await waiting.deferred()
    assert.equal(held.page, undefined)
    const question = await asked()
    assert.match(question?.text ?? '', /^Open a task that may do orders\./)
    assert.ok(question?.call.includes('refund order 1042'))
    assert.deepEqual(await waiting.poll(held.code), { outcome: 'waiting', page: undefined })
    await assert.rejects(world.answer(question?.id ?? '', world.sam, 'approve'))
    await answer('approve')
    const opened = await waiting.poll(held.code)
    assert.ok(opened.outcome === 'opened', pollReason(opened))
    const { task } = opened
    assert.equal(task.id, question?.taskId)
    assert.ok(task.deadline - parts.clock.now() <= 30 * 60_000, 'not longer than the approval')
    assert.ok(await world.token({ opened, key: waiting.key }))
    assert.equal(pollReason(await waiting.poll(held.code)), 'deferral.used')
    assert.equal(await tasks(), 1)
    const used = await findRequest(parts, question?.id ?? '')
    assert.equal(used?.usesLeft, 0)
    const types = (await parts.recorded()).map(({ type }) => type)
    assert.ok(types.includes('approval.used') && types.includes('deferral.redeemed'))
  })

  test('what was lifted for one task is lifted for no other, and no longer than its people may', async (t) => {
    const { answer, finn, parts, waiting, world } = await begin(t)
    const { code } = await waiting.deferred()
    await answer('approve')
    const opened = await waiting.poll(code)
    assert.ok(opened.outcome === 'opened')
    const other = await openTask(parts, 'token_exchange', await world.opening(newKey()))
    assert.equal(pollReason(other), 'issuance.approval_needed')
    assert.ok(await world.token({ opened, key: waiting.key }))
    await suspendPerson(parts, { personId: finn.id, by: 'operator', reason: 'test' })
    const asked = world.exchange({ opened, key: waiting.key }, { resource: ORDERS })
    const refused = await issueResourceToken(parts, asked)
    assert.ok(refused.outcome === 'refused')
    assert.equal(refused.reason, 'issuance.approval_pending', 'its people are asked anew')
  })

  test('a no, and a yes of somebody who may not any more, open nothing', async (t) => {
    const { answer, finn, parts, tasks, waiting } = await begin(t)
    const no = await waiting.deferred()
    await answer('deny')
    assert.equal(pollReason(await waiting.poll(no.code)), 'deferral.denied')
    const lapsed = await waiting.deferred({ purpose: 'another one' })
    await answer('approve')
    await suspendPerson(parts, { personId: finn.id, by: 'operator', reason: 'test' })
    assert.equal(pollReason(await waiting.poll(lapsed.code)), 'deferral.denied')
    assert.equal(await tasks(), 0)
  })

  test('other words of the rule are another question', async (t) => {
    const { answer, asked, publish, tasks, waiting } = await begin(t)
    const { code } = await waiting.deferred()
    const first = await asked()
    await answer('approve')
    await publish('In other words.')
    assert.equal(pollReason(await waiting.poll(code)), 'waiting')
    const second = await asked()
    assert.notEqual(second?.id, first?.id)
    assert.deepEqual(second?.ask.prompts, ['In other words.'])
    await answer('approve')
    assert.equal(pollReason(await waiting.poll(code)), 'opened')
    assert.equal(await tasks(), 1)
  })

  test('64 polls at the same moment use the approval once', async (t) => {
    const { answer, tasks, waiting } = await begin(t)
    const { code } = await waiting.deferred()
    await answer('approve')
    const answers = await Promise.all(Array.from({ length: 64 }, () => waiting.poll(code)))
    const opened = answers.filter(({ outcome }) => outcome === 'opened')
    assert.equal(opened.length, 1)
    assert.equal(await tasks(), 1)
  })

  test('the person first, then the others; who cancels asks nobody any more', async (t) => {
    const { answer, asked, parts, tasks, waiting } = await begin(t, { consented: false })
    const { code, page } = await waiting.deferred()
    assert.match(page ?? '', /\/consent\//)
    assert.equal(await asked(), undefined)
    await waiting.answer('grant')
    assert.equal(pollReason(await waiting.poll(code)), 'waiting')
    const question = await asked()
    assert.ok(question)
    const url = 'http://127.0.0.1:7480/oauth/revoke'
    const second = await waiting.deferred({ purpose: 'a second one' })
    await cancelDeferral(parts, { ...waiting.presented(waiting.key, url), code: second.code })
    assert.equal((await listForApprover(parts, waiting.world.finn)).length, 1)
    await answer('approve')
    assert.equal(pollReason(await waiting.poll(code)), 'opened')
    assert.equal(await tasks(), 1)
  })
})
