import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { newKey, type World, worldsOver } from '../../../calls/calls/testing.ts'
import { resumeAgent, suspendAgent } from '../../../identity/agents/index.ts'
import { LEASE_MS } from '../../../platform/revocation/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { listTasks } from '../../../tasks/tasks/index.ts'
import { issueResourceToken } from '../../issuance/index.ts'
import { introspect } from '../../token-status/introspect.ts'
import { DeferralWorld, pollReason } from '../deferral/testing.ts'
import { openTask } from './open-task.ts'

/** Runs an act once, right after the next commit that gives authority. */
function afterCommit(t: TestContext, { parts }: World, act: () => Promise<void>): void {
  const commit = parts.live.commit.bind(parts.live)
  const restore = () => {
    Object.assign(parts.live, { commit })
  }
  t.after(restore)
  Object.assign(parts.live, {
    commit: async (...of: Parameters<typeof commit>) => {
      restore()
      const done = await commit(...of)
      await act()
      return done
    },
  })
}

forEachEngine('an opening whose answer is in doubt', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    const { parts } = world
    const suspend = () => suspendAgent(parts, { agentId: 'refund-bot', by: 'operator', reason: '' })
    const resume = () => resumeAgent(parts, { agentId: 'refund-bot', by: 'operator', reason: '' })
    const pause = async () => {
      parts.clock.advance(LEASE_MS + 500)
      assert.equal(parts.live.inForce, false)
    }
    return { world, parts, suspend, resume, pause }
  }

  test('core M1: a pause of the store right after the commit costs nobody anything', async (t) => {
    const { parts, pause, world } = await begin(t)
    const opening = await world.opening(newKey())
    afterCommit(t, world, pause)
    const answer = await openTask(parts, 'token_exchange', opening)
    assert.equal(pollReason(answer), 'opened')
    assert.equal((await listTasks(parts.storage.read, { limit: 9 })).length, 1)
  })

  test('core M1: a resource token is issued after a pause, and refused after a change', async (t) => {
    const { parts, pause, suspend, world } = await begin(t)
    const held = await world.open()
    const ask = () => issueResourceToken(parts, world.exchange(held))
    afterCommit(t, world, pause)
    assert.equal((await ask()).outcome, 'issued')
    afterCommit(t, world, suspend)
    const refused = await ask()
    assert.equal(refused.outcome === 'refused' && refused.reason, 'token.stale')
  })

  test('core M1: a token is active after a pause in the last moment, and not after a change', async (t) => {
    const { parts, pause, suspend, world } = await begin(t)
    const token = await world.token(await world.open())
    const caller = { name: 'orders', mayKnow: () => true }
    const confirmLease = parts.live.confirmLease.bind(parts.live)
    const before = (act: () => Promise<void>) =>
      Object.assign(parts.live, { confirmLease: () => confirmLease().then(act) })
    before(pause)
    assert.equal((await introspect(parts, caller, token)).active, true)
    before(suspend)
    assert.equal((await introspect(parts, caller, token)).active, false)
  })

  test('core M1: what was brought for a task that something overtook can be brought again', async (t) => {
    const { parts, resume, suspend, world } = await begin(t)
    const key = newKey()
    const opening = await world.opening(key)
    afterCommit(t, world, suspend)
    assert.equal(pollReason(await openTask(parts, 'token_exchange', opening)), 'task.overtaken')
    await resume()
    const { subjectToken } = opening
    const again = await openTask(
      parts,
      'token_exchange',
      await world.opening(key, { subjectToken }),
    )
    assert.equal(pollReason(again), 'opened', 'by the same key')
    const third = await world.opening(newKey(), { subjectToken })
    assert.equal(
      pollReason(await openTask(parts, 'token_exchange', third)),
      'subject_token.replayed',
      'what was answered is used up',
    )
  })

  test('core M1: a poll in whose moment something changed waits, and the next one gets the task', async (t) => {
    const { resume, suspend, world } = await begin(t)
    const waiting = await DeferralWorld.in(world)
    const { code } = await waiting.deferred()
    await waiting.answer('grant')
    afterCommit(t, world, suspend)
    assert.equal(pollReason(await waiting.poll(code)), 'waiting')
    await resume()
    assert.equal(pollReason(await waiting.poll(code)), 'opened')
    assert.equal(pollReason(await waiting.poll(code)), 'deferral.used')
  })
})
