import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { readAccessRequest } from '../../approvals/access-requests/index.ts'
import { anAsking, attached } from '../../approvals/approvals/testing.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Wait } from '../../platform/lib/repeat.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { readConsent } from '../consent/consent-store.ts'
import { CONSENT_WAIT_MS, requestConsent } from '../consent/request-consent.ts'
import { openTasksOf } from './holders.ts'
import { closeTasksIn, closeTasksOf, TaskKeeper } from './keep.ts'
import { openSteps } from './open.ts'
import { checkPurpose, type TaskParts } from './task.ts'
import { findTask } from './task-store.ts'
import {
  addPerson,
  aTask,
  openedChild,
  openedTask,
  type TaskTestParts,
  taskTestParts,
} from './testing.ts'

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

  test('tasks of a holder are closed in the transaction of something else, for its reason', async () => {
    const parts = await taskTestParts(await open())
    const task = await openedTask(parts)
    const other = await openedTask(parts)
    const holder = { kind: 'person', id: task.personId } as const
    const change = await parts.storage.transaction((tx) =>
      closeTasksIn(parts, tx, holder, 'person.signed_out'),
    )
    await parts.live.settle(change)
    assert.equal((await findTask(parts.storage.read, task.id))?.closeReason, 'person.signed_out')
    assert.equal(await stateOf(parts, other.id), 'open')
    const record = (await parts.recorded()).findLast(({ type }) => type === 'task.closed')
    assert.deepEqual([record?.by, record?.reason], ['system', 'person.signed_out'])
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

  test('what ends while the keeper starts is heard, and closed in its first round', async () => {
    const parts = await taskTestParts(await open())
    const task = await openedTask(parts, { agentId: 'old-bot' })
    const onChange: TaskParts['live']['onChange'] = (listener) => {
      listener([{ kind: 'agent', id: 'old-bot', epoch: 2, state: 'ended' }])
      return () => {}
    }
    const live = { ...bound(parts), onChange }
    const keep = new TaskKeeper({ ...parts, live }, { onError: assert.ifError })
    await keep.start()
    await keep.sweep()
    assert.equal(await stateOf(parts, task.id), 'closed')
    await keep.stop()
    await parts.live.stop()
  })

  test('a keeper works by itself from its start until it stops', async () => {
    const parts = await taskTestParts(await open())
    const bots = ['first-bot', 'second-bot', 'third-bot'] as const
    const tasks = await Promise.all(bots.map((agentId) => openedTask(parts, { agentId })))
    const [first, second, third] = tasks.map(({ id }) => id)
    await begin(parts, 'agent', ...bots)
    await raise(parts, 'agent', 'first-bot', 'ended')
    const round = rounds()
    const keep = new TaskKeeper(parts, { onError: assert.ifError, wait: round.wait })
    await keep.stop()
    await keep.start()
    assert.equal(round.isWoken(), true, 'it looks at once')
    await round.over(2)
    assert.equal(await stateOf(parts, first ?? ''), 'closed')
    await raise(parts, 'agent', 'second-bot', 'suspended')
    assert.equal(round.isWoken(), false, 'nothing ended')
    await raise(parts, 'agent', 'second-bot', 'ended')
    assert.equal(round.isWoken(), true, 'something ended')
    await round.over(3)
    assert.equal(await stateOf(parts, second ?? ''), 'closed')
    await keep.stop()
    assert.equal(round.isWoken(), true, 'the loop is over')
    await raise(parts, 'agent', 'third-bot', 'ended')
    await keep.sweep()
    assert.equal(await stateOf(parts, third ?? ''), 'open', 'it hears nothing any more')
    await parts.live.stop()
  })

  /** Waits that only a wake ends, counted. */
  function rounds() {
    let count = 0
    let last: AbortSignal | undefined
    const watchers = new Set<() => void>()
    const wait: Wait = (_ms, signal) => {
      count++
      last = signal
      for (const tell of watchers) tell()
      if (signal.aborted) return Promise.resolve()
      return new Promise((resolve) => signal.addEventListener('abort', () => resolve()))
    }
    /** Resolves when the loop waits for the so-manieth time: the rounds before that are over. */
    const over = (times: number) =>
      new Promise<void>((resolve) => {
        const tell = () => {
          if (count >= times) resolve()
        }
        watchers.add(tell)
        tell()
      })
    return { wait, over, isWoken: () => last?.aborted }
  }

  test('a round closes idle tasks and ends questions that nobody answered', async () => {
    const parts = await taskTestParts(await open())
    const { clock, storage } = parts
    const person = await addPerson(parts)
    const idle = await openedTask(parts, { idleMs: 60_000, deadline: clock.now() + 1e9 })
    const asked = await attached(parts, anAsking(parts, person))
    const consent = await storage.transaction((tx) =>
      requestConsent(parts, tx, {
        agentId: 'refund-bot',
        personId: person.id,
        purpose: 'refund order 1042',
        details: idle.details,
      }),
    )
    assert.ok(consent.outcome === 'asked')
    clock.advance(2 * CONSENT_WAIT_MS)
    await keeper(parts).sweep()
    assert.equal((await findTask(storage.read, idle.id))?.closeReason, 'idle')
    assert.equal((await readAccessRequest(storage.read, asked.id))?.state, 'expired')
    assert.equal((await readConsent(storage.read, consent.consentId))?.state, 'expired')
    await parts.live.stop()
  })

  test('a holder whose tasks are closed is not looked at again', async () => {
    const parts = await taskTestParts(await open())
    await begin(parts, 'agent', 'old-bot')
    await openedTask(parts, { agentId: 'old-bot' })
    const keep = keeper(parts)
    await keep.start()
    await raise(parts, 'agent', 'old-bot', 'ended')
    await keep.sweep()
    const transaction = mock.method(parts.storage.lanes.revocation, 'transaction')
    await keep.sweep()
    assert.equal(transaction.mock.callCount(), 0)
    await keep.stop()
    await parts.live.stop()
  })

  test('however many holders ended while no server ran, all of them are found at the start', async () => {
    const parts = await taskTestParts(await open())
    const agents = Array.from({ length: 203 }, (_, i) => `bot-${i}`)
    const tasks = agents.map((agentId) => aTask(parts, { agentId }))
    await parts.storage.commit(tasks.flatMap((task) => openSteps(parts, task, {})))
    await begin(parts, 'agent', ...agents)
    const change = await parts.storage.transaction((tx) =>
      parts.live.raise(
        tx,
        agents.map((id) => ({ kind: 'agent', id, state: 'ended' })),
      ),
    )
    await parts.live.settle(change)
    mock.method(parts.storage.lanes.revocation, 'transaction', () => Promise.reject('no disk'))
    const told = new Set<string>()
    const keep = new TaskKeeper(parts, { onError: (error) => told.add(`${error}`) })
    await keep.start()
    await keep.sweep()
    await keep.stop()
    for (const id of agents)
      assert.ok(
        [...told].some((text) => text.includes(`agent:${id}\``)),
        id,
      )
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
