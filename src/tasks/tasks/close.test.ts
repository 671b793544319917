import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findRequest } from '../../approvals/access-requests/index.ts'
import { anAsking, attached } from '../../approvals/approvals/testing.ts'
import { newId } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { closeTask } from './close.ts'
import { expireTasks } from './expire.ts'
import { KEY_GUARD, openSteps } from './open.ts'
import { resumeTask, suspendTask } from './suspend.ts'
import type { Task } from './task.ts'
import { findTask, findTaskByKey, openTree } from './task-store.ts'
import { aTask, openedChild, openedTask, type TaskTestParts, taskTestParts } from './testing.ts'

const rejects = (work: Promise<unknown>, code: string) =>
  assert.rejects(work, (error) => error instanceof Problem && error.code === code)
const why = { by: 'psn_maria', reason: 'person' }

forEachEngine('the life of a task', (open) => {
  async function begin(): Promise<TaskTestParts & { task: Task }> {
    const parts = await taskTestParts(await open())
    return { ...parts, task: await openedTask(parts) }
  }
  const liveState = async ({ live }: TaskTestParts, task: Task) =>
    (await live.view([{ kind: 'task', id: task.id }])).states[0]?.state

  test('it opens with its row, its live state and its record', async () => {
    const { task, ...parts } = await begin()
    assert.deepEqual(await findTask(parts.storage.read, task.id), task)
    assert.equal(await liveState(parts, task), 'active')
    const [record] = await parts.recorded()
    assert.equal(record?.type, 'task.opened')
    await parts.live.stop()
  })

  test('a key is never accepted for a second task, also after the first was closed', async () => {
    const { task, ...parts } = await begin()
    const again = aTask(parts, { keyThumbprint: task.keyThumbprint })
    const refused = { committed: false, failed: KEY_GUARD }
    assert.deepEqual(await parts.storage.commit(openSteps(parts, again, {})), refused)
    await closeTask(parts, { taskId: task.id, ...why })
    assert.deepEqual(await parts.storage.commit(openSteps(parts, again, {})), refused)
    assert.equal(await findTask(parts.storage.read, again.id), undefined)
    assert.equal(await liveState(parts, again), 'ended')
    await parts.live.stop()
  })

  test('tasks that codes opened share a key within one agent, and with no other', async () => {
    const { task: _, ...parts } = await begin()
    const open = (over: Partial<Task>, sharesKey = true) => {
      const task = aTask(parts, { keyThumbprint: 'k'.repeat(43), openedBy: 'code', ...over })
      return parts.storage.commit(openSteps(parts, task, {}, [], { sharesKey }))
    }
    const refused = { committed: false, failed: KEY_GUARD }
    const first = newId('task', parts.random)
    assert.deepEqual(await open({ id: first, rootId: first }), { committed: true })
    assert.deepEqual(await open({}), { committed: true })
    assert.deepEqual(await open({}, false), refused)
    assert.deepEqual(await open({ agentId: 'another' }), refused)
    assert.equal((await findTaskByKey(parts.storage.read, 'k'.repeat(43)))?.id, first)
    await parts.live.stop()
  })

  test('tasks without a key are many', async () => {
    const { task: _, ...parts } = await begin()
    for (let i = 0; i < 2; i++) {
      const task = aTask(parts, { keyThumbprint: null })
      assert.deepEqual(await parts.storage.commit(openSteps(parts, task, {})), { committed: true })
      assert.equal((await findTask(parts.storage.read, task.id))?.keyThumbprint, null)
    }
    await parts.live.stop()
  })

  test('32 at the same time with one key: one task', async () => {
    const { task: _, ...parts } = await begin()
    const keyThumbprint = 'k'.repeat(43)
    const done = await Promise.all(
      Array.from({ length: 32 }, () =>
        parts.storage.commit(openSteps(parts, aTask(parts, { keyThumbprint }), {})),
      ),
    )
    assert.equal(done.filter(({ committed }) => committed).length, 1)
    await parts.live.stop()
  })

  test('closing takes everything below with it, and nothing beside it', async () => {
    const { task, ...parts } = await begin()
    const child = await openedChild(parts, task)
    const grandchild = await openedChild(parts, child)
    const sibling = await openedChild(parts, task)
    const asked = await attached(
      parts,
      anAsking(parts, { id: task.personId }, { taskId: grandchild.id }),
    )
    const view = await parts.live.view([{ kind: 'task', id: grandchild.id }])
    assert.equal(parts.live.holds(view), true)
    await closeTask(parts, { taskId: child.id, ...why })
    assert.equal(parts.live.holds(view), false)
    for (const dead of [child, grandchild]) {
      assert.equal(await liveState(parts, dead), 'ended')
      assert.equal((await findTask(parts.storage.read, dead.id))?.state, 'closed')
    }
    for (const alive of [task, sibling]) assert.equal(await liveState(parts, alive), 'active')
    const request = await findRequest(parts, asked.id)
    assert.deepEqual([request?.state, request?.reason], ['cancelled', 'task.closed'])
    const closed = (await parts.recorded()).filter(({ type }) => type === 'task.closed')
    assert.deepEqual(
      closed.map(({ task: id, reason }) => [id, reason]),
      [
        [grandchild.id, 'parent.closed'],
        [child.id, 'person'],
      ],
    )
    await parts.live.stop()
  })

  test('closing is final and can be asked for twice', async () => {
    const { task, ...parts } = await begin()
    const first = await closeTask(parts, { taskId: task.id, ...why })
    assert.deepEqual([first.state, first.closeReason], ['closed', 'person'])
    parts.clock.advance(1000)
    assert.deepEqual(await closeTask(parts, { taskId: task.id, by: 'x', reason: 'agent' }), first)
    const change = { taskId: task.id, by: 'x', reason: 'why not' }
    await rejects(resumeTask(parts, change), 'task.already_closed')
    await rejects(suspendTask(parts, change), 'task.already_closed')
    await rejects(closeTask(parts, { ...why, taskId: 'tsk_none' }), 'task.unknown')
    assert.equal(await liveState(parts, task), 'ended')
    await parts.live.stop()
  })

  test('who closes or suspends what is closed or suspended already waits for every replica, too', async (t) => {
    for (const end of [closeTask, suspendTask]) {
      const { task, ...parts } = await begin()
      const settle = t.mock.method(parts.live, 'settle')
      await end(parts, { taskId: task.id, ...why })
      await end(parts, { taskId: task.id, ...why })
      const settled = settle.mock.calls.map(({ arguments: [change] }) =>
        change?.states.some(({ kind, id }) => kind === 'task' && id === task.id),
      )
      // The first may still wait for a replica that permits; the second must not answer before it.
      assert.deepEqual(settled, [true, true], end.name)
      await parts.live.stop()
    }
  })

  test('suspending stops a tree and resuming lets it go on; epochs rise both times', async () => {
    const { task, ...parts } = await begin()
    const child = await openedChild(parts, task)
    const key = { kind: 'task' as const, id: child.id }
    const before = await parts.live.view([key])
    const asked = await attached(
      parts,
      anAsking(parts, { id: task.personId }, { taskId: child.id }),
    )
    await suspendTask(parts, { taskId: task.id, by: 'psn_admin', reason: 'odd' })
    assert.equal(parts.live.holds(before), false)
    assert.deepEqual(
      [await liveState(parts, task), await liveState(parts, child)],
      ['suspended', 'suspended'],
    )
    assert.equal((await findRequest(parts, asked.id))?.state, 'pending')
    await resumeTask(parts, { taskId: task.id, by: 'psn_admin', reason: 'fine' })
    const after = await parts.live.view([key])
    assert.equal(parts.live.holds(after), true)
    assert.notEqual(after.hash, before.hash)
    await parts.live.stop()
  })

  test('resuming a parent does not wake a child that was suspended for itself', async () => {
    const { task, ...parts } = await begin()
    const child = await openedChild(parts, task)
    const grandchild = await openedChild(parts, child)
    const sibling = await openedChild(parts, task)
    const by = { by: 'psn_admin', reason: '' }
    await suspendTask(parts, { taskId: child.id, ...by })
    await suspendTask(parts, { taskId: task.id, ...by })
    await resumeTask(parts, { taskId: task.id, ...by })
    assert.equal(await liveState(parts, child), 'suspended')
    assert.equal(await liveState(parts, grandchild), 'suspended')
    assert.equal(await liveState(parts, sibling), 'active')
    await suspendTask(parts, { taskId: task.id, ...by })
    await resumeTask(parts, { taskId: child.id, ...by })
    assert.equal(await liveState(parts, child), 'suspended', 'under a suspended parent')
    await resumeTask(parts, { taskId: task.id, ...by })
    assert.equal(await liveState(parts, grandchild), 'active')
    await parts.live.stop()
  })

  test('resuming twice raises nothing, suspending twice is settled twice', async () => {
    const { task, ...parts } = await begin()
    const by = { taskId: task.id, by: 'psn_admin', reason: '' }
    const view = await parts.live.view([{ kind: 'task', id: task.id }])
    await resumeTask(parts, by)
    assert.equal(parts.live.holds(view), true)
    await suspendTask(parts, by)
    await suspendTask(parts, by)
    const suspended = (await parts.recorded()).filter(({ type }) => type === 'task.suspended')
    assert.equal(suspended.length, 1)
    await parts.live.stop()
  })

  test('the deadline closes', async () => {
    const { task, ...parts } = await begin()
    const longer = await openedTask(parts, { deadline: task.deadline + 1 })
    assert.equal(await expireTasks(parts), 0)
    parts.clock.advance(3_600_000)
    assert.equal(await expireTasks(parts), 1)
    const closed = await findTask(parts.storage.read, task.id)
    assert.deepEqual([closed?.state, closed?.closeReason], ['closed', 'deadline'])
    assert.equal(await liveState(parts, longer), 'active')
    await parts.live.stop()
  })

  test('close ∥ close ∥ suspend ∥ resume: closed', async () => {
    const { task: _, ...parts } = await begin()
    for (let round = 0; round < 5; round++) {
      const task = await openedTask(parts)
      const child = await openedChild(parts, task)
      const by = { taskId: task.id, by: 'psn_admin', reason: '' }
      await Promise.allSettled([
        suspendTask(parts, by),
        closeTask(parts, { taskId: child.id, ...why }),
        closeTask(parts, { taskId: task.id, ...why }),
        resumeTask(parts, by),
        closeTask(parts, { taskId: task.id, ...why }),
      ])
      assert.deepEqual(await openTree(parts.storage.read, task.id), [])
      assert.deepEqual(
        [await liveState(parts, task), await liveState(parts, child)],
        ['ended', 'ended'],
      )
    }
    await parts.live.stop()
  })
})
