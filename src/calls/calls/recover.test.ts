import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { Catalog } from '../../catalog/catalog/index.ts'
import { IssuerTrust } from '../../identity/issuers/index.ts'
import { outbound } from '../../platform/net/index.ts'
import { Live } from '../../platform/revocation/index.ts'
import { forEachEngine, timedBy } from '../../platform/storage/testing.ts'
import { Policies } from '../../policy/policy/index.ts'
import { findDecision } from '../../tasks/decision-log/decision-store.ts'
import { explain } from '../../tasks/explanations/explain.ts'
import { Facts } from '../../tasks/facts/facts.ts'
import { decideCall } from './decide-call.ts'
import { recordOutcome } from './outcome.ts'
import { recover } from './recover.ts'
import { decisionPoints, READ, refund, riskBooks, World, worldsOver } from './testing.ts'

forEachEngine('after a crash', (open) => {
  async function begin(t: TestContext) {
    const world = await World.over(await open())
    t.after(() => world.end())
    const held = await world.open()
    return { world, held, token: await world.token(held) }
  }

  /** The process that starts after this one is gone, when it has run for as long as whoever is alive needs to show it. */
  async function restarted(t: TestContext, world: World) {
    await world.parts.live.stop()
    const parts = await beside(t, world)
    await letOthersShow(parts)
    return parts
  }

  async function letOthersShow({ clock, live }: Pick<World['parts'], 'clock' | 'live'>) {
    for (let passed = 0; passed < 12_000; passed += 4_000) {
      clock.advance(4_000)
      await live.renew()
    }
  }

  /** Another process on the same store. */
  async function beside(t: TestContext, { parts }: World) {
    const live = new Live({ ...parts, storage: timedBy(parts.storage, parts.clock) })
    await live.start()
    t.after(() => live.stop())
    const { storage } = parts
    const catalog = new Catalog({ storage, live })
    const policies = new Policies({ storage, live, catalog })
    const issuers = new IssuerTrust({ storage, live, clock: parts.clock }, outbound)
    const facts = new Facts({ storage, live, catalog, issuers })
    return {
      ...parts,
      live,
      catalog,
      policies,
      issuers,
      facts,
      risk: riskBooks(parts, live),
      points: decisionPoints({ ...parts, live }),
    }
  }

  test('an intent without an outcome is indeterminate, once, and its approval stays used', async (t) => {
    const { held, token, world } = await begin(t)
    await world.approved(held, token, refund('900.00'))
    const verdict = await world.decide(held, token, refund('900.00'))
    assert.ok(verdict.outcome === 'permit')
    const repeated = await world.call(held, token, refund('900.00'))
    const parts = await restarted(t, world)
    assert.equal(await recover(parts), 1)
    assert.equal(await recover(parts), 0)
    const row = await findDecision(parts.storage.read, verdict.decisionId)
    assert.equal(row?.state, 'indeterminate')
    const outcomes = (await parts.recorded()).filter(({ type }) => type === 'decision.outcome')
    assert.deepEqual(
      outcomes.map(({ decision_id, outcome, reason }) => [decision_id, outcome, reason]),
      [[verdict.decisionId, 'indeterminate', 'replica.gone']],
    )
    const again = await decideCall(parts, repeated)
    assert.ok(again.outcome === 'executed')
    assert.equal(again.state, 'indeterminate')
  })

  test('what this replica is sending, and what has an outcome, is left alone', async (t) => {
    const { held, token, world } = await begin(t)
    const { parts } = world
    const sending = await world.decide(held, token, READ)
    const answered = await world.decide(held, token, READ)
    const refused = await world.decide(held, token, refund('5000.01'))
    assert.ok(
      sending.outcome === 'permit' && answered.outcome === 'permit' && refused.outcome === 'deny',
    )
    await recordOutcome(parts, answered.decisionId, { state: 'answered', status: 200 })
    assert.equal(await recover(parts), 0)
    const after = await restarted(t, world)
    assert.equal(await recover(after), 1)
    assert.equal(
      (await findDecision(after.storage.read, sending.decisionId))?.state,
      'indeterminate',
    )
    assert.equal((await findDecision(after.storage.read, answered.decisionId))?.state, 'answered')
    assert.equal((await findDecision(after.storage.read, refused.decisionId))?.state, 'decided')
  })
})

forEachEngine('a store that paused', (open) => {
  test('makes no server judge another one gone that comes back as well', async (t) => {
    const world = await World.over(await open())
    t.after(() => world.end())
    const { parts } = world
    // The data directory of SQLite has one process at a time.
    if (parts.storage.engine === 'sqlite') return
    const held = await world.open()
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.ok(verdict.outcome === 'permit')
    const live = new Live({ ...parts, storage: timedBy(parts.storage, parts.clock) })
    await live.start()
    t.after(() => live.stop())
    const other = { ...parts, live }

    parts.clock.advance(14_000)
    await live.renew()
    assert.equal(await recover(other), 0, 'it came back first')
    parts.clock.advance(1_000)
    await parts.live.renew()
    for (let passed = 0; passed < 12_000; passed += 4_000) {
      parts.clock.advance(4_000)
      await Promise.all([live.renew(), parts.live.renew()])
      assert.equal(await recover(other), 0)
    }
    assert.equal(await recordOutcome(parts, verdict.decisionId, { state: 'answered' }), true)
    const row = await findDecision(parts.storage.read, verdict.decisionId)
    assert.deepEqual([row?.state, row?.presumedAt], ['answered', null])
  })
})

forEachEngine('explaining a decision', (open) => {
  const worlds = worldsOver(open)

  async function begin(t?: TestContext) {
    const world = await (t ? worlds.own(t) : worlds.shared())
    const held = await world.open()
    return { world, held, token: await world.token(held) }
  }

  test('an operator sees the gates, the rules with their lines, and what would be enough', async () => {
    const { held, token, world } = await begin()
    const verdict = await world.decide(held, token, refund('5000.01'))
    assert.ok(verdict.outcome === 'deny')
    const told = await explain(world.parts, verdict.decisionId, 'operator')
    assert.equal(told.policyVersion, 1)
    assert.equal(told.approvalWouldHelp, false)
    const agent = told.gates.find(({ gate }) => gate === 'agent')
    assert.equal(agent?.passed, false)
    const [policy] = agent?.policies ?? []
    assert.equal(policy?.id, 'no-huge-refunds-by-agents')
    assert.match(policy?.text ?? '', /decimal\("5000\.00"\)/)
    assert.ok((policy?.line ?? 0) > 1)
    const person = told.gates.find(({ gate }) => gate === 'person')
    assert.equal(person?.passed, true)
  })

  test('where nothing permitted it, the nearest permits are shown', async (t) => {
    const { held, world } = await begin(t)
    await world.signIn('sam')
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.ok(verdict.outcome === 'deny')
    const told = await explain(world.parts, verdict.decisionId, 'operator')
    const nearest = (name: string) => {
      const gate = told.gates.find((each) => each.gate === name)
      assert.ok(gate && 'nearest' in gate)
      return gate.nearest.map(({ id }) => id)
    }
    assert.deepEqual(nearest('person'), ['support-orders'])
    assert.deepEqual(nearest('agent'), ['refund-bot-for-support'])
  })

  test('the person and the agent see no policy and nobody else', async () => {
    const { held, token, world } = await begin()
    const asked = await world.decide(held, token, refund('900.00'))
    assert.ok(asked.outcome === 'requestable')
    const told = await explain(world.parts, asked.decisionId, 'person')
    assert.equal(told.approvalWouldHelp, true)
    assert.equal(told.requestId, asked.request.id)
    assert.match(told.enough ?? '', /approval/)
    const text = JSON.stringify(told)
    for (const hidden of [
      'forbid',
      'permit (',
      'large-refunds-ask',
      world.sam.id,
      world.finn.id,
      'callHash',
    ])
      assert.equal(text.includes(hidden), false, hidden)
    await assert.rejects(explain(world.parts, 'dec_none', 'person'), { code: 'decision.unknown' })
  })
})
