import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { openTasksOf } from './holders.ts'
import { closeTasksOf, TaskKeeper } from './keep.ts'
import { openSteps } from './open.ts'
import { checkPurpose, type TaskParts } from './task.ts'
import { findTask } from './task-store.ts'
import { aTask, openedChild, openedTask, type TaskTestParts, taskTestParts } from './testing.ts'

forEachEngine('what ends takes its tasks with it', (open) => {
  const keeper = (parts: TaskTestParts) => new TaskKeeper(parts, { onError: assert.ifError })

  async function begin(parts: TaskTestParts, kind: 'agent' | 'person', ...ids: string[]) {
    await parts.storage.transaction(async (tx) => {
      for (const id of ids) await parts.live.begin(tx, { kind, id })
    })
  }

  async function raise(
    parts: TaskTestParts,
    kind: 'agent' | 'person',
    id: string,
    state: 'suspended' | 'ended',
  ) {
    const change = await parts.storage.transaction((tx) =>
      parts.live.raise(tx, [{ kind, id, state }]),
    )
    await parts.live.settle(change)
  }
  const stateOf = async (parts: TaskTestParts, id: string) =>
    (await findTask(parts.storage.read, id))?.state

  test('C2: nothing closes by a clock that cannot be trusted', async () => {
    const parts = await taskTestParts(await open())
    const task = await openedTask(parts)
    parts.clock.advance(task.deadline)
    const clockProblem = new Problem('server.clock_off', 'an hour ahead')
    const wrong = { ...parts, live: { ...bound(parts), clockProblem } }
    await new TaskKeeper(wrong, { onError: assert.ifError }).sweep()
    assert.equal(await stateOf(parts, task.id), 'open')
    await keeper(parts).sweep()
    assert.equal(await stateOf(parts, task.id), 'closed')
    await parts.live.stop()
  })

  test('C13: what cannot be closed keeps nothing else from being closed, is told, and is tried again', async () => {
    const parts = await taskTestParts(await open())
    const stuck = await openedTask(parts, { agentId: 'old-bot' })
    const overdue = await openedTask(parts)
    const other = await openedTask(parts, { agentId: 'new-bot' })
    await begin(parts, 'agent', 'old-bot', 'new-bot')
    let fails = true
    const ledger: TaskParts['ledger'] = {
      appendStep: parts.ledger.appendStep.bind(parts.ledger),
      append: async (tx, ...events) => {
        if (fails && events.some(({ task }) => task === stuck.id)) throw new Error('a damaged row')
        await parts.ledger.append(tx, ...events)
      },
    }
    const told: string[] = []
    const keep = new TaskKeeper({ ...parts, ledger }, { onError: (error) => told.push(`${error}`) })
    await raise(parts, 'agent', 'old-bot', 'ended')
    await raise(parts, 'agent', 'new-bot', 'ended')
    await keep.start()
    parts.clock.advance(overdue.deadline)
    await keep.sweep()
    assert.deepEqual(
      [await stateOf(parts, stuck.id), await stateOf(parts, other.id)],
      ['open', 'closed'],
    )
    await keep.stop()
    assert.match(told[0] ?? '', /`tasks of agent:old-bot` failed/)
    fails = false
    await keep.sweep()
    assert.equal(await stateOf(parts, stuck.id), 'closed')
    assert.equal(await stateOf(parts, overdue.id), 'closed')
    await parts.live.stop()
  })

  function bound({ live }: TaskTestParts): TaskParts['live'] {
    return {
      begin: live.begin.bind(live),
      beginStep: live.beginStep.bind(live),
      clockProblem: undefined,
      onChange: live.onChange.bind(live),
      raise: live.raise.bind(live),
      settle: live.settle.bind(live),
      view: live.view.bind(live),
    }
  }

  test('a retired agent and a person who has ended close their tasks, a suspended one does not', async () => {
    const parts = await taskTestParts(await open())
    const bot = await openedTask(parts, { agentId: 'old-bot' })
    const person = await openedTask(parts)
    const other = await openedTask(parts, { agentId: 'paused-bot' })
    await begin(parts, 'agent', 'old-bot', 'refund-bot', 'paused-bot')
    await begin(parts, 'person', bot.personId, person.personId, other.personId)
    const keep = keeper(parts)
    await keep.start()
    await raise(parts, 'agent', 'old-bot', 'ended')
    await raise(parts, 'person', person.personId, 'ended')
    await raise(parts, 'agent', 'paused-bot', 'suspended')
    await keep.sweep()
    assert.equal((await findTask(parts.storage.read, bot.id))?.closeReason, 'agent.ended')
    assert.equal((await findTask(parts.storage.read, person.id))?.closeReason, 'person.ended')
    assert.equal(await stateOf(parts, other.id), 'open')
    await keep.stop()
    await parts.live.stop()
  })

  test('many tasks of one agent are closed some at a time, all of them, each with its record', async () => {
    const parts = await taskTestParts(await open())
    const tasks = Array.from({ length: 430 }, () => aTask(parts, { agentId: 'busy-bot' }))
    await parts.storage.commit(tasks.flatMap((task) => openSteps(parts, task, {})))
    const other = await openedTask(parts)
    await closeTasksOf(parts, { kind: 'agent', id: 'busy-bot' })
    const left = await openTasksOf(parts.storage.read, { kind: 'agent', id: 'busy-bot' }, 1)
    assert.deepEqual(left, [])
    const keys = tasks.map(({ id }) => ({ kind: 'task', id }) as const)
    assert.equal((await parts.live.view(keys)).dead.length, tasks.length)
    const records = (await parts.recorded()).filter(({ type }) => type === 'task.closed')
    assert.equal(new Set(records.map(({ task }) => task)).size, tasks.length)
    assert.equal(records.length, tasks.length)
    assert.equal(await stateOf(parts, other.id), 'open')
    await parts.live.stop()
  })

  test('a whole tree under many roots closes with them', async () => {
    const parts = await taskTestParts(await open())
    const agentId = 'busy-bot'
    const roots = [await openedTask(parts, { agentId }), await openedTask(parts, { agentId })]
    const below = [await openedChild(parts, roots[0] ?? assert.fail())]
    below.push(await openedChild(parts, below[0] ?? assert.fail()))
    await closeTasksOf(parts, { kind: 'agent', id: agentId })
    for (const { id } of roots)
      assert.equal((await findTask(parts.storage.read, id))?.closeReason, 'agent.ended')
    for (const { id } of below)
      assert.equal((await findTask(parts.storage.read, id))?.closeReason, 'parent.closed')
    await parts.live.stop()
  })

  test('what ended while nobody was there is found at the start', async () => {
    const parts = await taskTestParts(await open())
    const task = await openedTask(parts)
    const alive = await openedTask(parts, { agentId: 'new-bot' })
    await begin(parts, 'agent', 'refund-bot', 'new-bot')
    await begin(parts, 'person', task.personId, alive.personId)
    await raise(parts, 'agent', 'refund-bot', 'ended')
    const keep = keeper(parts)
    await keep.start()
    await keep.sweep()
    assert.equal(await stateOf(parts, task.id), 'closed')
    assert.equal(await stateOf(parts, alive.id), 'open')
    await keep.stop()
    await parts.live.stop()
  })
})

test('a purpose is one visible line', () => {
  for (const fine of ['refund order 1042', 'x', 'größer 退款', 'é'.repeat(200)])
    assert.equal(checkPurpose(fine), fine)
  for (const bad of [
    '',
    ' ',
    ' x',
    'x ',
    'a\nb',
    'a\u202eb',
    'a\u200bb',
    '\ud800',
    'x'.repeat(201),
  ])
    assert.throws(() => checkPurpose(bad), { code: 'task.bad_purpose' })
})
