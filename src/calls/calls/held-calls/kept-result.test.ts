import assert from 'node:assert/strict'
import { test } from 'node:test'
import { until } from '../../../../test/until.ts'
import type { Wait } from '../../../platform/lib/repeat.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { publishPolicies } from '../../../policy/policy/index.ts'
import { closeTask } from '../../../tasks/tasks/index.ts'
import { recordOutcome } from '../outcome.ts'
import { READ, refund, type World, worldsOver } from '../testing.ts'
import { forgetResults, keepForgetting, keepResult, readResult, shapingOf } from './kept-result.ts'

const LARGE = refund('900.00')
const TEXT = '{"refund":"rf_1","amount":900.00,"to":"Ünal"}'

forEachEngine('the answer of an approved call', (open) => {
  const worlds = worldsOver(open)

  async function executed(world: World) {
    const held = await world.open()
    const token = await world.token(held)
    await world.approved(held, token, LARGE)
    const permit = await world.decide(held, token, LARGE)
    assert.ok(permit.outcome === 'permit')
    return { held, token, id: permit.decisionId, taskId: held.opened.task.id }
  }

  async function told(world: World, { held, token }: Awaited<ReturnType<typeof executed>>) {
    const verdict = await world.decide(held, token, LARGE)
    assert.ok(verdict.outcome === 'executed')
    return verdict
  }

  async function sealedOf(world: World, id: string): Promise<Buffer | undefined> {
    const row = await world.parts.storage.read
      .selectFrom('kept_results')
      .select('sealed')
      .where('decision_id', '=', id)
      .executeTakeFirst()
    return row && Buffer.from(row.sealed)
  }

  test('is told to whoever sends the call again, once it is known to be the answer', async () => {
    const world = await worlds.shared()
    const done = await executed(world)
    await keepResult(world.parts, done.id, TEXT)
    assert.equal((await told(world, done)).kept, undefined)
    await recordOutcome(world.parts, done.id, { state: 'answered', status: 201 })
    const again = await told(world, done)
    assert.deepEqual([again.decisionId, again.kept], [done.id, TEXT])
    await keepResult(world.parts, done.id, 'another')
    assert.equal((await told(world, done)).kept, TEXT, 'the first one stands')
  })

  test('is not told again once it would be told otherwise', async (t) => {
    const world = await worlds.own(t)
    const done = await executed(world)
    await keepResult(world.parts, done.id, TEXT)
    await recordOutcome(world.parts, done.id, { state: 'answered', status: 201 })
    assert.equal((await told(world, done)).kept, TEXT)
    const { text } = await world.parts.policies.version(
      (await world.parts.policies.active()).version,
    )
    const publish = (more: string) =>
      publishPolicies(world.parts, { text: `${text}\n${more}`, by: 'operator', note: '' })
    await publish('@id("careful") @redact("/to") permit (principal, action, resource);')
    const token = await world.token(done.held)
    const verdict = await world.decide(done.held, token, LARGE, { doable: ['redact'] })
    assert.ok(verdict.outcome === 'executed', JSON.stringify(verdict))
    assert.deepEqual([verdict.kept, verdict.outdated], [undefined, true])
    // One that had that done to it already is.
    assert.equal(
      shapingOf([{ id: 'a', type: 'redact', properties: { paths: '/to' } }]),
      shapingOf([
        { id: 'b', type: 'notify', properties: { to: 'group:x' } },
        { id: 'c', type: 'redact', properties: { paths: '/to' } },
      ]),
    )
  })

  test('is stored sealed, and opens only in its own place', async () => {
    const world = await worlds.shared()
    const [one, other] = [await executed(world), await executed(world)]
    await keepResult(world.parts, one.id, TEXT)
    await keepResult(world.parts, other.id, 'the other answer')
    const [sealed, foreign] = [await sealedOf(world, one.id), await sealedOf(world, other.id)]
    assert.ok(sealed && foreign)
    for (const part of ['rf_1', '900.00']) assert.equal(sealed.includes(part), false)
    await world.parts.storage.transaction((tx) =>
      tx
        .updateTable('kept_results')
        .set({ sealed: foreign })
        .where('decision_id', '=', one.id)
        .execute(),
    )
    assert.equal(await readResult(world.parts, one.id), undefined)
  })

  test('that is too large is only known to have been that', async () => {
    const world = await worlds.shared()
    const done = await executed(world)
    await recordOutcome(world.parts, done.id, { state: 'answered', status: 200 })
    await keepResult(world.parts, done.id, 'ü'.repeat(131_073))
    const again = await told(world, done)
    assert.deepEqual([again.kept, again.larger], [undefined, true])
    const size = (await sealedOf(world, done.id))?.byteLength
    assert.ok(size !== undefined && size < 200)
    const most = await executed(world)
    await recordOutcome(world.parts, most.id, { state: 'answered', status: 200 })
    await keepResult(world.parts, most.id, 'ü'.repeat(131_072))
    assert.equal((await told(world, most)).kept?.length, 131_072)
  })

  test('is kept for an hour, never past the deadline of its task', async () => {
    const world = await worlds.shared()
    const held = await world.open({ lifeSeconds: 7200 })
    const token = await world.token(held)
    await world.approved(held, token, LARGE)
    const permit = await world.decide(held, token, LARGE)
    assert.ok(permit.outcome === 'permit')
    await keepResult(world.parts, permit.decisionId, TEXT)
    const short = await executed(world)
    world.parts.clock.advance(60_000)
    await keepResult(world.parts, short.id, TEXT)
    world.parts.clock.advance(3_539_999)
    assert.ok(await readResult(world.parts, permit.decisionId))
    assert.ok(await readResult(world.parts, short.id))
    world.parts.clock.advance(1)
    assert.equal(await readResult(world.parts, permit.decisionId), undefined)
    assert.equal(await readResult(world.parts, short.id), undefined)
    await forgetResults(world.parts)
    assert.equal(await sealedOf(world, permit.decisionId), undefined)
    assert.equal(await sealedOf(world, short.id), undefined)
  })

  test('is erased when its task closes, and not kept after', async () => {
    const world = await worlds.shared()
    const [one, other] = [await executed(world), await executed(world)]
    await keepResult(world.parts, one.id, TEXT)
    await keepResult(world.parts, other.id, TEXT)
    await closeTask(world.parts, { taskId: one.taskId, by: 'psn_admin', reason: 'person' })
    assert.equal(await forgetResults(world.parts), 1)
    assert.equal(await sealedOf(world, one.id), undefined)
    assert.ok(await sealedOf(world, other.id))
    await keepResult(world.parts, one.id, TEXT)
    assert.equal(await sealedOf(world, one.id), undefined)
  })

  test('is erased by itself, moments after its task has closed', async () => {
    const world = await worlds.shared()
    const done = await executed(world)
    await keepResult(world.parts, done.id, TEXT)
    // Waits for a minute never end by themselves here, shorter ones at once.
    const wait: Wait = (ms, signal) =>
      ms > 10_000
        ? new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
        : Promise.resolve()
    const loop = keepForgetting(world.parts, { onError: assert.ifError, wait })
    await closeTask(world.parts, { taskId: done.taskId, by: 'psn_admin', reason: 'person' })
    await until(async () => (await sealedOf(world, done.id)) === undefined || undefined)
    await loop.stop()
  })

  test('is not kept of a call that needed no approval, nor of one that there was not', async () => {
    const world = await worlds.shared()
    const held = await world.open()
    const permit = await world.decide(held, await world.token(held), READ)
    assert.ok(permit.outcome === 'permit')
    await keepResult(world.parts, permit.decisionId, TEXT)
    assert.equal(await sealedOf(world, permit.decisionId), undefined)
    await keepResult(world.parts, 'dec_unknown', TEXT)
    assert.equal(await sealedOf(world, 'dec_unknown'), undefined)
  })
})
