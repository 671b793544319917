import assert from 'node:assert/strict'
import { test } from 'node:test'
import { granted } from '@remit/engine'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { endBasis } from '../tasks/end-basis.ts'
import { openSteps } from '../tasks/open.ts'
import { findTask } from '../tasks/task-store.ts'
import { addPerson, aTask, kindOf, may, openedTask, taskTestParts } from '../tasks/testing.ts'
import { basisLimits } from './basis.ts'
import { BASES_GUARD, basesFor } from './basis-store.ts'
import { grantBasis } from './grant-basis.ts'

const read = may('orders.read')
const refund = may('orders.refund')

forEachEngine('delegation bases', (open) => {
  async function begin() {
    const parts = await taskTestParts(await open())
    const { id: personId } = await addPerson(parts, 'support')
    const between = { personId, agentId: 'refund-bot' }
    const grant = (details = [read], kind: 'consent' | 'admin' = 'consent') =>
      grantBasis(parts, { ...between, kind, details, grantedBy: personId })
    const inForce = () => basesFor(parts.storage.read, { ...between, now: parts.clock.now() })
    return { parts, between, grant, inForce }
  }

  test('consents add up, and an administrator’s grant limits them', async () => {
    const { grant, inForce, parts } = await begin()
    assert.deepEqual(basisLimits(await inForce()), { calls: [], delegates: [] })
    await grant([read])
    await grant([refund])
    const limits = () => ({ ceiling: [read, refund] })
    const both = granted(
      [read, refund],
      { ...limits(), bases: basisLimits(await inForce()).calls },
      kindOf,
    )
    assert.deepEqual(both.flatMap(({ actions }) => actions).toSorted(), [
      'orders.read',
      'orders.refund',
    ])
    await grant([read], 'admin')
    const less = granted(
      [read, refund],
      { ...limits(), bases: basisLimits(await inForce()).calls },
      kindOf,
    )
    assert.deepEqual(
      less.flatMap(({ actions }) => actions),
      ['orders.read'],
    )
    await parts.live.stop()
  })

  test('a basis counts only between these two, and only until it ends', async () => {
    const { between, grant, inForce, parts } = await begin()
    await grantBasis(parts, {
      ...between,
      agentId: 'other-bot',
      kind: 'consent',
      details: [read],
      grantedBy: 'x',
    })
    assert.deepEqual(await inForce(), [])
    const expiresAt = parts.clock.now() + 1000
    await grantBasis(parts, {
      ...between,
      kind: 'consent',
      details: [read],
      grantedBy: 'x',
      expiresAt,
    })
    const basis = await grant()
    assert.equal((await inForce()).length, 2)
    parts.clock.advance(1000)
    assert.deepEqual(
      (await inForce()).map(({ id }) => id),
      [basis.id],
    )
    await endBasis(parts, { basisId: basis.id, by: between.personId })
    assert.deepEqual(await inForce(), [])
    await parts.live.stop()
  })

  test('ending a basis closes every task that stands on it, and no other', async () => {
    const { between, grant, parts } = await begin()
    const basis = await grant()
    const other = await grant()
    const standing = await openedTask(parts, { ...between, bases: [basis.id, other.id] })
    const apart = await openedTask(parts, { ...between, bases: [other.id] })
    const view = await parts.live.view([{ kind: 'task', id: standing.id }])
    await endBasis(parts, { basisId: basis.id, by: between.personId })
    assert.equal(parts.live.holds(view), false)
    assert.equal((await findTask(parts.storage.read, standing.id))?.closeReason, 'basis.ended')
    assert.equal((await findTask(parts.storage.read, apart.id))?.state, 'open')
    await endBasis(parts, { basisId: basis.id, by: between.personId })
    const ended = (await parts.recorded()).filter(({ type }) => type === 'basis.ended')
    assert.equal(ended.length, 1)
    await parts.live.stop()
  })

  test('no task opens on a basis that has ended', async () => {
    const { between, grant, parts } = await begin()
    const basis = await grant()
    await endBasis(parts, { basisId: basis.id, by: between.personId })
    const done = await parts.storage.commit(
      openSteps(parts, aTask(parts, { ...between, bases: [basis.id] }), {}),
    )
    assert.deepEqual(done, { committed: false, failed: BASES_GUARD })
    await parts.live.stop()
  })

  test('open ∥ end: no task is left standing on an ended basis', async () => {
    const { between, grant, parts } = await begin()
    for (let round = 0; round < 10; round++) {
      const basis = await grant()
      const tasks = Array.from({ length: 4 }, () => aTask(parts, { ...between, bases: [basis.id] }))
      await Promise.all([
        ...tasks.slice(0, 2).map((task) => parts.storage.commit(openSteps(parts, task, {}))),
        endBasis(parts, { basisId: basis.id, by: between.personId }),
        ...tasks.slice(2).map((task) => parts.storage.commit(openSteps(parts, task, {}))),
      ])
      for (const { id } of tasks)
        assert.notEqual((await findTask(parts.storage.read, id))?.state, 'open')
    }
    await parts.live.stop()
  })
})
