import assert from 'node:assert/strict'
import { test } from 'node:test'
import { endRequest } from '../../approvals/access-requests/index.ts'
import { anAsking, attached } from '../../approvals/approvals/testing.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { closeTask } from './close.ts'
import { closeIdleTasks } from './expire.ts'
import { resumeTask, suspendTask } from './suspend.ts'
import type { Task } from './task.ts'
import { findTask } from './task-store.ts'
import { TaskUses, USE_RESOLUTION_MS } from './task-use.ts'
import { openedTask, type TaskTestParts, taskTestParts } from './testing.ts'

const IDLE_MS = 600_000
/** The latest end of a task that nobody used since. */
const OVER = IDLE_MS + USE_RESOLUTION_MS

forEachEngine('tasks that nobody uses', (open) => {
  async function begin(over: Partial<Task> = {}) {
    const parts = await taskTestParts(await open())
    const task = await openedTask(parts, {
      idleMs: IDLE_MS,
      deadline: parts.clock.now() + 24 * 3_600_000,
      ...over,
    })
    return { parts, task, uses: new TaskUses(parts.storage) }
  }
  const reasonOf = async ({ storage }: TaskTestParts, { id }: Task) =>
    (await findTask(storage.read, id))?.closeReason

  test('a task ends when nobody used it for so long, and not before', async () => {
    const { parts, task } = await begin()
    const other = await openedTask(parts, { idleMs: null })
    parts.clock.advance(OVER - 1)
    assert.equal(await closeIdleTasks(parts), 0)
    parts.clock.advance(1)
    assert.equal(await closeIdleTasks(parts), 1)
    assert.deepEqual([await reasonOf(parts, task), await reasonOf(parts, other)], ['idle', null])
    const [record] = (await parts.recorded()).filter(({ type }) => type === 'task.closed')
    assert.deepEqual([record?.by, record?.reason], ['system', 'idle'])
    await parts.live.stop()
  })

  test('each use begins the time anew, on any replica', async () => {
    const { parts, task, uses } = await begin()
    const elsewhere = new TaskUses(parts.storage)
    for (const replica of [uses, elsewhere, uses]) {
      parts.clock.advance(IDLE_MS)
      assert.equal(await replica.note(task, parts.clock.now()), true)
      assert.equal(await closeIdleTasks(parts), 0)
    }
    parts.clock.advance(OVER)
    assert.equal(await closeIdleTasks(parts), 1)
    await parts.live.stop()
  })

  test('a use that comes after its end and before that is written wakes nothing', async () => {
    const { parts, task, uses } = await begin()
    parts.clock.advance(OVER)
    assert.equal(await uses.note(task, parts.clock.now()), false)
    assert.equal(await uses.note(task, parts.clock.now()), false)
    assert.equal(await closeIdleTasks(parts), 1)
    assert.equal(await new TaskUses(parts.storage).note(task, parts.clock.now()), false)
    await parts.live.stop()
  })

  test('many uses are one write for each span of the resolution; of a task without such an end, none', async () => {
    const { parts, task } = await begin()
    let writes = 0
    const counted: Pick<Storage, 'commit' | 'read'> = {
      read: parts.storage.read,
      commit: (steps) => {
        writes++
        return parts.storage.commit(steps)
      },
    }
    const uses = new TaskUses(counted)
    const many = () =>
      Promise.all(Array.from({ length: 100 }, () => uses.note(task, parts.clock.now())))
    assert.ok((await many()).every(Boolean))
    parts.clock.advance(USE_RESOLUTION_MS - 1)
    assert.ok((await many()).every(Boolean))
    assert.equal(writes, 1)
    parts.clock.advance(1)
    await many()
    assert.equal(writes, 2)
    const endless = await openedTask(parts, { idleMs: null })
    assert.equal(await uses.note(endless, parts.clock.now()), true)
    assert.equal(writes, 2)
    await parts.live.stop()
  })

  test('a use is noted in the commit of something else, which fails where the task is over', async () => {
    const { parts, task, uses } = await begin()
    const { clock, storage } = parts
    const endless = await openedTask(parts, { idleMs: null })
    assert.deepEqual(uses.steps(endless, clock.now()), [])
    clock.advance(IDLE_MS)
    assert.ok((await storage.commit(uses.steps(task, clock.now()))).committed)
    clock.advance(IDLE_MS)
    assert.equal(await closeIdleTasks(parts), 0)
    clock.advance(USE_RESOLUTION_MS)
    const late = await storage.commit(uses.steps(task, clock.now()))
    assert.ok(!late.committed)
    assert.equal(late.failed.problem().code, 'task.closed')
    await parts.live.stop()
  })

  test('a use that could not be written is written by the next one', async () => {
    const { parts, task } = await begin()
    let fails = true
    const uses = new TaskUses({
      read: parts.storage.read,
      commit: (steps) =>
        fails ? Promise.reject(new Error('no disk')) : parts.storage.commit(steps),
    })
    await assert.rejects(async () => uses.note(task, parts.clock.now()), /no disk/)
    fails = false
    parts.clock.advance(IDLE_MS)
    assert.equal(await uses.note(task, parts.clock.now()), true)
    parts.clock.advance(IDLE_MS)
    assert.equal(await closeIdleTasks(parts), 0)
    await parts.live.stop()
  })

  test('while people are asked about a call of it, and for its time after their answer, it is in use', async () => {
    const { parts, task, uses } = await begin()
    const about = anAsking(parts, { id: task.personId }, { taskId: task.id })
    const asked = await attached(parts, about)
    parts.clock.advance(3 * OVER)
    assert.equal(await closeIdleTasks(parts), 0)
    const answeredAt = parts.clock.now()
    await parts.storage.transaction((tx) =>
      endRequest(tx, asked, { state: 'denied', reason: null, answeredAt }),
    )
    parts.clock.advance(IDLE_MS - 1)
    assert.equal(await closeIdleTasks(parts), 0)
    assert.equal(await uses.note(task, parts.clock.now()), true)
    parts.clock.advance(OVER)
    assert.equal(await closeIdleTasks(parts), 1)
    await parts.live.stop()
  })

  test('while a call of it runs, and for its time after it ended, it is in use', async () => {
    const { parts, task, uses } = await begin()
    const { clock, storage } = parts
    const call = { id: 'dec_1', task_id: task.id, outcome: 'permit', reason: 'permitted' } as const
    const sent = { explanation: '[]', state: 'sending', replica_id: 'r', at: clock.now() }
    const row = { ...call, ...sent }
    const sends = storage.read.insertInto('decisions').values(row)
    await storage.commit([{ name: 'a call', query: sends, rows: 1 }])
    clock.advance(3 * OVER)
    assert.equal(await closeIdleTasks(parts), 0)
    const state = { state: 'answered', ended_at: clock.now() }
    const query = storage.read.updateTable('decisions').set(state).where('id', '=', 'dec_1')
    await storage.commit([{ name: 'its end', query, rows: 1 }])
    clock.advance(IDLE_MS - 1)
    assert.equal(await closeIdleTasks(parts), 0)
    assert.equal(await uses.note(task, clock.now()), true)
    clock.advance(OVER)
    assert.equal(await closeIdleTasks(parts), 1)
    await parts.live.stop()
  })

  test('a closed task is not used any more, however lately it was', async () => {
    const { parts, task, uses } = await begin()
    await closeTask(parts, { taskId: task.id, by: 'psn_x', reason: 'person' })
    assert.equal(await uses.note(task, parts.clock.now()), false)
    await parts.live.stop()
  })

  test('what stands still is not idle; resuming begins its time anew', async () => {
    const { parts, task } = await begin()
    const change = { taskId: task.id, by: 'psn_x', reason: 'wait' }
    await suspendTask(parts, change)
    parts.clock.advance(2 * OVER)
    assert.equal(await closeIdleTasks(parts), 0)
    await resumeTask(parts, change)
    parts.clock.advance(OVER - 1)
    assert.equal(await closeIdleTasks(parts), 0)
    parts.clock.advance(1)
    assert.equal(await closeIdleTasks(parts), 1)
    await parts.live.stop()
  })
})
