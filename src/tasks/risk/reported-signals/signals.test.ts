import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { limited } from '../../../calls/calls/judgment/testing.ts'
import { type HeldTask, refund, type World, worldsOver } from '../../../calls/calls/testing.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { explain } from '../../explanations/explain.ts'
import { forgetRisk } from '../forget.ts'
import { endSignal, type NewSignal, raiseSignal } from './raise-signal.ts'
import { listSignals } from './signal-store.ts'

const SMALL = refund('10.00')

forEachEngine('what other systems say', (open) => {
  const worlds = worldsOver(open)

  async function begin(t: TestContext) {
    const world = await worlds.own(t)
    world.parts.clock.advance(12 * HOUR)
    const held = await world.open()
    // So that nothing is done for the first time below.
    assert.equal((await world.decide(held, await world.token(held), SMALL)).outcome, 'permit')
    return { world, held }
  }

  function raise(world: World, change: Partial<NewSignal> = {}) {
    return raiseSignal(world.parts, {
      subject: { kind: 'agent', id: 'refund-bot' },
      signal: 'leaked-key',
      level: 'high',
      expiresAt: world.parts.clock.now() + HOUR,
      source: 'source:siem',
      ...change,
    })
  }

  async function decided(world: World, held: HeldTask) {
    return world.decide(held, await world.token(held), SMALL)
  }

  const code = (expected: string) => (error: unknown) =>
    error instanceof Problem && error.code === expected

  test('is felt by the next call of a task that runs, until it ends by itself', async (t) => {
    const { held, world } = await begin(t)
    const token = await world.token(held)
    await raise(world)
    const stale = await world.decide(held, token, SMALL)
    assert.equal(stale.outcome === 'deny' && stale.reason, 'token.stale')
    const asked = await decided(world, held)
    assert.equal(asked.outcome, 'requestable')
    const told = await explain(world.parts, asked.decisionId, 'operator')
    assert.equal(told.risk?.score, 80)
    assert.deepEqual(
      told.risk?.signals.map(({ points, signal }) => [signal, points]),
      [
        ['class.high', 20],
        ['definition.new', 10],
        ['external.high', 50],
      ],
    )
    const own = await explain(world.parts, asked.decisionId, 'person')
    assert.doesNotMatch(JSON.stringify(own.risk), /leaked|external|score|points/)
    world.parts.clock.advance(HOUR - 1_000)
    const later = await world.open()
    assert.equal((await decided(world, later)).outcome, 'requestable')
    world.parts.clock.advance(1_000)
    assert.equal((await decided(world, later)).outcome, 'permit')
    assert.equal(await forgetRisk(world.parts), 1)
  })

  test('is about an agent, a person, or a task and all below it, and about nobody else', async (t) => {
    const { held, world } = await begin(t)
    const child = await limited(world, [], held)
    const other = await world.open()
    const outcomes = async () => [
      (await decided(world, held)).outcome,
      (await decided(world, child)).outcome,
      (await decided(world, other)).outcome,
    ]
    await raise(world, { subject: { kind: 'task', id: held.opened.task.id } })
    assert.deepEqual(await outcomes(), ['requestable', 'requestable', 'permit'])
    await raise(world, { subject: { kind: 'person', id: world.finn.id } })
    assert.equal((await decided(world, other)).outcome, 'permit')
    await raise(world, { subject: { kind: 'person', id: world.sam.id } })
    assert.equal((await decided(world, other)).outcome, 'requestable')
  })

  test('V1: can only raise: the same again takes the higher level and the later end', async (t) => {
    const { held, world } = await begin(t)
    await raise(world)
    const now = world.parts.clock.now()
    const lower = await raise(world, { level: 'low', expiresAt: now + 1_000 })
    assert.deepEqual([lower.level, lower.expiresAt], ['high', now + HOUR])
    const higher = await raise(world, { level: 'critical', expiresAt: now + 2 * HOUR })
    assert.deepEqual([higher.level, higher.expiresAt], ['critical', now + 2 * HOUR])
    assert.equal((await listSignals(world.parts.storage.read, now, 10)).length, 1)
    await raise(world, { level: 'low', source: 'source:other' })
    assert.equal((await decided(world, held)).outcome, 'requestable', 'the worst counts')
    world.parts.clock.advance(2 * HOUR)
    const anew = await raise(world, { level: 'low' })
    assert.equal(anew.level, 'low', 'what has expired says nothing')
  })

  test('is taken back by an administrator, and is on record', async (t) => {
    const { held, world } = await begin(t)
    const raised = await raise(world)
    await endSignal(world.parts, { ...raised, by: 'psn_admin' })
    assert.equal((await decided(world, held)).outcome, 'permit')
    await assert.rejects(
      endSignal(world.parts, { ...raised, by: 'psn_admin' }),
      code('risk_signal.unknown'),
    )
    const records = (await world.parts.recorded()).filter(({ type }) => type.startsWith('risk_'))
    assert.deepEqual(
      records.map(({ by, type }) => [type, by]),
      [
        ['risk_signal.raised', 'source:siem'],
        ['risk_signal.ended', 'psn_admin'],
      ],
    )
  })

  test('V3: is refused when it is malformed, endless, about nothing, or one too many', async (t) => {
    const { world } = await begin(t)
    const now = world.parts.clock.now()
    const bad: readonly Partial<NewSignal>[] = [
      { signal: 'Leaked Key' },
      { signal: 'a,b' },
      { signal: 'x' },
      { level: 'fatal' as 'high' }, // as: what an edge would have refused before
      { expiresAt: now },
      { expiresAt: now + 31 * 24 * HOUR },
      { expiresAt: Number.NaN },
    ]
    for (const change of bad) await assert.rejects(raise(world, change), code('risk_signal.bad'))
    for (const kind of ['agent', 'person', 'task'] as const) {
      const nobody = raise(world, { subject: { kind, id: 'nobody' } })
      await assert.rejects(nobody, code('risk_signal.unknown_subject'), kind)
    }
    for (let i = 10; i < 32; i++) await raise(world, { signal: `signal-${i}` })
    await assert.rejects(raise(world, { signal: 'one-more' }), code('risk_signal.too_many'))
    await raise(world, { signal: 'signal-10', level: 'critical' })
  })

  test('W4: a source that raises all it can leaves room for the word of another', async (t) => {
    const { world } = await begin(t)
    for (let i = 10; ; i++) {
      const done = await raise(world, {
        source: 'source:noise',
        signal: `noise-${i}`,
        level: 'low',
      })
        .then(() => true)
        .catch((error: unknown) => {
          assert.equal(error instanceof Problem && error.code, 'risk_signal.too_many')
          return false
        })
      if (!done) break
    }
    await raise(world, { source: 'source:edr', signal: 'leaked-key', level: 'critical' })
  })
})
