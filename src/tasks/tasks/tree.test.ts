import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { closeTask } from './close.ts'
import type { Task } from './task.ts'
import { treeOf } from './task-store.ts'
import { openedTask, taskTestParts } from './testing.ts'

forEachEngine('a tree that people look at', (open) => {
  async function begin() {
    const parts = await taskTestParts(await open())
    const spawn = async (parent?: Task) => {
      parts.clock.advance(1000)
      if (!parent) return openedTask(parts)
      const { personId, rootId } = parent
      return openedTask(parts, { personId, rootId, parentId: parent.id, openedBy: 'child' })
    }
    const close = ({ id }: Task) => closeTask(parts, { taskId: id, by: 'operator', reason: 'done' })
    const seen = async (task: Task, most: number) => {
      const { more, tasks } = await treeOf(parts.storage.read, task, most)
      return { more, ids: tasks.map(({ id }) => id) }
    }
    return { parts, spawn, close, seen }
  }

  test('is whole, parents before children, and of nobody else', async (t) => {
    const { parts, spawn, close, seen } = await begin()
    t.after(() => parts.live.stop())
    const root = await spawn()
    const [one, two] = [await spawn(root), await spawn(root)]
    const below = await spawn(one)
    await spawn()
    await close(one)
    const whole = { more: false, ids: [root.id, one.id, two.id, below.id] }
    for (const from of [root, two, below]) assert.deepEqual(await seen(from, 10), whole)
  })

  test('keeps what runs and the line of the one that is asked for, when there is too much', async (t) => {
    const { parts, spawn, close, seen } = await begin()
    t.after(() => parts.live.stop())
    const root = await spawn()
    const old = await spawn(root)
    const older = await spawn(old)
    await close(old)
    const middle = await spawn(root)
    const late = await spawn(middle)
    await close(middle)
    const runs = await spawn(root)
    assert.deepEqual(await seen(root, 2), { more: true, ids: [root.id, runs.id] })
    assert.deepEqual(
      await seen(root, 3),
      { more: true, ids: [root.id, runs.id] },
      'nothing hangs in the air: the parent of the newest closed one is left off',
    )
    assert.deepEqual((await seen(root, 4)).ids, [root.id, middle.id, runs.id, late.id])
    assert.deepEqual((await seen(older, 2)).ids, [root.id, old.id, runs.id, older.id])
    assert.equal((await seen(root, 6)).more, false)
  })
})
