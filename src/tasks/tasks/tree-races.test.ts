import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { grantBasis } from '../consent/grant-basis.ts'
import { closeTask } from './close.ts'
import { endBasis } from './end-basis.ts'
import { openSteps } from './open.ts'
import { resumeTask, suspendTask } from './suspend.ts'
import type { Task } from './task.ts'
import { findTask, openTree } from './task-store.ts'
import { addPerson, aTask, may, openedTask, type TaskTestParts, taskTestParts } from './testing.ts'
import { joinTreeSteps } from './tree-store.ts'

const BY = { by: 'operator', reason: 'test' } as const

forEachEngine('a tree that grows while it is cut', (open) => {
  async function begin(t: TestContext) {
    const parts = await taskTestParts(await open())
    t.after(() => parts.live.stop())
    return parts
  }

  /** Tries to begin a child, as a redemption does. */
  async function spawn(parts: TaskTestParts, line: readonly Task[]): Promise<Task | undefined> {
    const [parent] = line
    if (!parent) throw new Error('no parent')
    const { bases, personId, rootId } = parent
    const child = aTask(parts, { bases, personId, rootId, parentId: parent.id, openedBy: 'child' })
    const { read } = parts.storage
    const ids = line.map(({ id }) => id)
    const guards = joinTreeSteps(read, { ...child, parentId: parent.id }, ids)
    const done = await parts.storage.commit(openSteps(parts, child, {}, guards))
    return done.committed ? child : undefined
  }

  /** A root, four tasks below it, one below each of these. */
  async function tree(parts: TaskTestParts, over: Partial<Task> = {}) {
    const root = await openedTask(parts, over)
    const lines: Task[][] = []
    for (let i = 0; i < 4; i++) {
      const middle = await spawn(parts, [root])
      const leaf = middle && (await spawn(parts, [middle, root]))
      assert.ok(middle && leaf)
      lines.push([leaf, middle, root])
    }
    return { root, lines }
  }

  /** 64 attempts, spread over the leaves, with something done in their midst. */
  async function amid(
    parts: TaskTestParts,
    lines: readonly Task[][],
    act: () => Promise<unknown>,
  ): Promise<Task[]> {
    const some = (count: number) =>
      Array.from({ length: count }, (_, i) => spawn(parts, lines[i % lines.length] ?? []))
    const before = some(32)
    const acting = act()
    const spawned = await Promise.all([...before, ...some(32)])
    await acting
    return spawned.filter((task) => task !== undefined)
  }

  const alive = async (parts: TaskTestParts, tasks: readonly Task[]) => {
    const view = await parts.live.view(tasks.map(({ id }) => ({ kind: 'task', id })))
    return view.states.filter(({ state }) => state === 'active').length
  }

  test('X5: 64 children at once against a close: nothing below is alive', async (t) => {
    const parts = await begin(t)
    for (let round = 0; round < 4; round++) {
      const { lines, root } = await tree(parts)
      const spawned = await amid(parts, lines, () => closeTask(parts, { ...BY, taskId: root.id }))
      assert.deepEqual(await openTree(parts.storage.read, root.id), [])
      assert.equal(await alive(parts, [...spawned, ...lines.flat()]), 0)
    }
  })

  test('nor is anything below a branch that was closed, while the rest goes on', async (t) => {
    const parts = await begin(t)
    for (let round = 0; round < 4; round++) {
      const { lines, root } = await tree(parts)
      const [, branch] = lines[0] ?? []
      assert.ok(branch)
      const spawned = await amid(parts, lines, () => closeTask(parts, { ...BY, taskId: branch.id }))
      const under = spawned.filter(({ parentId }) => parentId === lines[0]?.[0]?.id)
      assert.deepEqual(await openTree(parts.storage.read, branch.id), [])
      assert.equal(await alive(parts, under), 0)
      assert.equal((await findTask(parts.storage.read, root.id))?.state, 'open')
      assert.equal(await alive(parts, spawned), spawned.length - under.length)
    }
  })

  test('nor what began while a basis was ended', async (t) => {
    const parts = await begin(t)
    const person = await addPerson(parts)
    const details = [may('orders.read')]
    const grant = { personId: person.id, agentId: 'refund-bot', details, grantedBy: person.id }
    for (let round = 0; round < 3; round++) {
      const basis = await grantBasis(parts, { ...grant, kind: 'consent' })
      const { lines, root } = await tree(parts, { personId: person.id, bases: [basis.id] })
      const spawned = await amid(parts, lines, () =>
        endBasis(parts, { basisId: basis.id, by: person.id }),
      )
      assert.deepEqual(await openTree(parts.storage.read, root.id), [])
      assert.equal(await alive(parts, spawned), 0)
    }
  })

  test('64 children at once against a suspension: all stand still until it is taken back', async (t) => {
    const parts = await begin(t)
    for (let round = 0; round < 4; round++) {
      const { lines, root } = await tree(parts)
      const change = { ...BY, taskId: root.id }
      const spawned = await amid(parts, lines, () => suspendTask(parts, change))
      assert.equal(await alive(parts, [...spawned, ...lines.flat()]), 0)
      await resumeTask(parts, change)
      assert.equal(await alive(parts, spawned), spawned.length)
    }
  })

  test('no more children begin than there is room for, whatever races', async (t) => {
    const parts = await begin(t)
    const root = await openedTask(parts)
    const spawned = await Promise.all(Array.from({ length: 64 }, () => spawn(parts, [root])))
    assert.equal(spawned.filter((task) => task !== undefined).length, 32)
    assert.equal((await openTree(parts.storage.read, root.id)).length, 33)
  })

  test('a tree has room for 256', async (t) => {
    const parts = await begin(t)
    const root = await openedTask(parts)
    const middles = await Promise.all(Array.from({ length: 9 }, () => spawn(parts, [root])))
    const spawned = await Promise.all(
      middles.flatMap((middle) =>
        middle ? Array.from({ length: 32 }, () => spawn(parts, [middle, root])) : [],
      ),
    )
    assert.equal(spawned.filter((task) => task !== undefined).length, 256 - 10)
  })
})
