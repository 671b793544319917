import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openMasterKey } from '../../platform/keys/index.ts'
import { base64url } from '../../platform/lib/bytes.ts'
import { ExactNumber, isObject, type Json, parseJson } from '../../platform/lib/json.ts'
import { systemRandom } from '../../platform/lib/random.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { closeTask } from '../../tasks/tasks/index.ts'
import { openedTask, taskTestParts } from '../../tasks/tasks/testing.ts'
import { MAX_LIFE_MS, type ServerTask, taskEndOfLife } from './server-task.ts'
import {
  countOpenTasks,
  endTaskStep,
  extendTask,
  findServerTask,
  forgetServerTasks,
  forgetTaskStep,
  insertTaskStep,
  MCP_TASKS_SEALED,
  overdueTasks,
} from './server-task-store.ts'

test('a task of a server is followed as long as the server says, for a day at most, and never past its own task', () => {
  const end = (ttl: Json | undefined, deadline = 10 * MAX_LIFE_MS) =>
    taskEndOfLife(ttl, 1_000, deadline)
  assert.equal(end(new ExactNumber('60000')), 61_000)
  assert.equal(end(new ExactNumber('0')), 1_000)
  assert.equal(end(new ExactNumber('1.9')), 1_001)
  assert.equal(end(new ExactNumber(String(MAX_LIFE_MS + 1))), 1_000 + MAX_LIFE_MS)
  for (const odd of [
    undefined,
    null,
    '60000',
    true,
    new ExactNumber('-1'),
    new ExactNumber('-0.5'),
  ])
    assert.equal(end(odd), 1_000 + MAX_LIFE_MS)
  assert.equal(end(new ExactNumber('60000'), 30_000), 30_000)
  assert.equal(end(undefined, 30_000), 30_000)
})

forEachEngine('the tasks of servers', (open) => {
  async function newMaster() {
    const value = new Secret(base64url(systemRandom.bytes(32)))
    return openMasterKey({ directory: '/nowhere', value, random: systemRandom })
  }

  async function begin() {
    const storage = await open()
    const parts = { storage, master: await newMaster() }
    const params = parseJson('{"name":"pay","arguments":{"n":1.50}}')
    assert.ok(isObject(params))
    const task = (id: string, over: Partial<ServerTask> = {}): ServerTask => ({
      ...{ id, decisionId: `dec_${id}`, taskId: 'tsk_1', resource: 'desk', state: 'open' },
      ...{ serverTask: 'theirs', upstream: 'https://desk.example', params },
      ...{ createdAt: 0, expiresAt: 60_000, ...over },
    })
    const keep = async (kept: ServerTask) => {
      const done = await storage.commit([insertTaskStep(parts, kept)])
      assert.ok(done.committed)
      return kept
    }
    const find = (id: string) => findServerTask(parts, id)
    return { find, keep, parts, storage, task }
  }

  test('are found as they were kept, and nothing of the server stands in the store', async () => {
    const { find, keep, storage, task } = await begin()
    const kept = await keep(task('a'))
    assert.deepEqual(await find('a'), kept)
    assert.equal(await find('b'), undefined)
    const rows = await storage.read.selectFrom('mcp_tasks').selectAll().execute()
    for (const secret of ['theirs', 'desk.example', 'pay'])
      assert.ok(!JSON.stringify(rows).includes(secret), secret)
  })

  test('that are sealed with another key, for another row, or as something else, are none', async () => {
    const { find, keep, parts, storage, task } = await begin()
    await keep(task('a'))
    assert.equal(await findServerTask({ ...parts, master: await newMaster() }, 'a'), undefined)
    const sealed = (text: string, id = 'a') => parts.master.seal(text, `mcp_tasks/${id}`)
    const whole = '{"params":{},"serverTask":"t","upstream":"u"}'
    for (const [bytes, isFound] of [
      [sealed(whole), true],
      [sealed(whole, 'b'), false],
      [sealed('[]'), false],
      [sealed('{'), false],
      [sealed('{"params":[],"serverTask":"t","upstream":"u"}'), false],
      [sealed('{"params":{},"serverTask":"","upstream":"u"}'), false],
      [sealed('{"params":{},"serverTask":"t","upstream":""}'), false],
    ] as const) {
      await storage.transaction((tx) =>
        tx.updateTable('mcp_tasks').set({ sealed: bytes }).where('id', '=', 'a').execute(),
      )
      assert.equal((await find('a')) !== undefined, isFound)
    }
  })

  test('that cannot be opened for a failure of the server are told as that', async () => {
    const { keep, parts, task } = await begin()
    await keep(task('a'))
    const failure = new Error('the module is down')
    const open = () => {
      throw failure
    }
    const master = { open, seal: parts.master.seal.bind(parts.master) }
    await assert.rejects(findServerTask({ ...parts, master }, 'a'), failure)
  })

  test('count as open in their own task, until they end', async () => {
    const { find, keep, storage, task } = await begin()
    await keep(task('a'))
    await keep(task('b'))
    await keep(task('c', { taskId: 'tsk_2' }))
    const open = () => countOpenTasks(storage.read, 'tsk_1')
    assert.equal(await open(), 2)
    await storage.commit([endTaskStep(storage.read, 'a', { state: 'ended', expiresAt: 90_000 })])
    const ended = await find('a')
    assert.deepEqual([ended?.state, ended?.expiresAt], ['ended', 90_000])
    assert.equal(await open(), 1)
    await storage.commit([forgetTaskStep(storage.read, 'b')])
    assert.equal(await find('b'), undefined)
    assert.equal(await open(), 0)
  })

  test('are followed for longer while they are open, and not after that', async () => {
    const { find, keep, parts, task } = await begin()
    await keep(task('a'))
    await keep(task('b', { state: 'cancelled' }))
    for (const id of ['a', 'b']) await extendTask(parts, { id }, 90_000)
    assert.deepEqual([(await find('a'))?.expiresAt, (await find('b'))?.expiresAt], [90_000, 60_000])
  })

  test('are forgotten when they have ended and are over', async () => {
    const { find, keep, parts, task } = await begin()
    await keep(task('open', { expiresAt: 10 }))
    await keep(task('over', { state: 'ended', expiresAt: 10 }))
    await keep(task('told', { state: 'ended', expiresAt: 11 }))
    await forgetServerTasks(parts, 10)
    const left = await Promise.all(['open', 'over', 'told'].map(async (id) => (await find(id))?.id))
    assert.deepEqual(left, ['open', undefined, 'told'])
  })

  test('that are open are overdue past their time, or when their own task is closed, some at a time', async () => {
    const { keep, parts, storage, task } = await begin()
    const world = await taskTestParts(storage)
    const [lasting, closing] = [await openedTask(world), await openedTask(world)]
    const soon = { taskId: lasting.id, expiresAt: 10 }
    const late = await keep(task('late', soon))
    await keep(task('due', { taskId: lasting.id, expiresAt: 11 }))
    await keep(task('ended', { ...soon, state: 'ended' }))
    const orphan = await keep(task('orphan', { taskId: closing.id }))
    await closeTask(world, { taskId: closing.id, reason: 'done', by: 'agent' })
    const overdue = async (count = 9, of: typeof parts = parts) =>
      (await overdueTasks(of, 10, count)).toSorted((a, b) => a.id.localeCompare(b.id))
    assert.deepEqual(await overdue(), [late, orphan])
    assert.equal((await overdue(1)).length, 1)
    // One whose key is gone is ended, too, with no server to tell.
    const without = { params: new Map(), serverTask: '', upstream: '' }
    assert.deepEqual(await overdue(9, { ...parts, master: await newMaster() }), [
      { ...late, ...without },
      { ...orphan, ...without },
    ])
    await world.live.stop()
  })

  test('are sealed to their row, and where a new master key looks for what to seal again', async () => {
    const { keep, parts, storage, task } = await begin()
    await keep(task('a'))
    const [column, ...others] = MCP_TASKS_SEALED
    assert.ok(column?.table === 'mcp_tasks' && column.column === 'sealed' && column.key === 'id')
    assert.deepEqual(others, [])
    const { sealed } = await storage.read
      .selectFrom('mcp_tasks')
      .select('sealed')
      .executeTakeFirstOrThrow()
    assert.match(String(parts.master.open(sealed, column.associatedData({ id: 'a' }))), /theirs/)
    assert.throws(() => parts.master.open(sealed, column.associatedData({ id: 'b' })))
  })
})
