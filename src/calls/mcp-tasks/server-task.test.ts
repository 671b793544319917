import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ExactNumber } from '../../platform/lib/json.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { publishPolicies } from '../../policy/policy/index.ts'
import { findDecision } from '../../tasks/decision-log/index.ts'
import { closeTask } from '../../tasks/tasks/index.ts'
import { DeferredCall } from '../calls/index.ts'
import { recover } from '../calls/recover.ts'
import { settleOwn } from '../calls/settlement/settle-own.ts'
import { refund, type World, worldsOver } from '../calls/testing.ts'
import { MAX_LIFE_MS, type ServerTask, taskEndOfLife } from './server-task.ts'
import {
  countOpenTasks,
  extendTask,
  findServerTask,
  forgetServerTasks,
  forgetTaskStep,
  insertTaskStep,
  overdueTasks,
} from './server-task-store.ts'

const SMALL = refund('10.00')
const LARGE = refund('900.00')
const SAID = { unsaid: 'failed' } as const

forEachEngine('a call that goes on after its request', (open) => {
  const worlds = worldsOver(open)

  async function deferred(world: World, wish = SMALL) {
    const held = await world.open()
    const token = await world.token(held)
    if (wish === LARGE) await world.approved(held, token, wish)
    const permit = await world.decide(held, token, wish)
    assert.ok(permit.outcome === 'permit')
    const { decisionId } = permit
    const { clock, storage } = world.parts
    const call = new DeferredCall(world.parts, decisionId)
    const task: ServerTask = {
      ...{ id: `mct_${decisionId.slice(4)}`, decisionId, taskId: held.opened.task.id },
      ...{ resource: 'orders', serverTask: 'secret', upstream: 'https://x.example' },
      state: 'open',
      ...{ params: new Map(), createdAt: clock.now(), expiresAt: clock.now() + 60_000 },
    }
    await call.leaveOpen([insertTaskStep(world.parts, task)])
    const ask = async (other = wish) => call.decide(await world.call(held, token, other))
    const state = async () => (await findDecision(storage.read, decisionId))?.state
    const end = (text: string) =>
      call.end(
        { state: 'answered', status: 200, said: SAID },
        [forgetTaskStep(storage.read, task.id)],
        { text, obligations: [], until: clock.now() + 60_000 },
      )
    return { ask, call, decisionId, end, held, state, task, token }
  }

  test('is nobody’s to call lost, ends once, and is told as it ended', async () => {
    const world = await worlds.shared()
    const { call, end, state, task } = await deferred(world)
    await settleOwn(world.parts)
    await recover(world.parts)
    assert.equal(await state(), 'sending')
    const kept = await findServerTask(world.parts, task.id)
    assert.deepEqual(kept, task)
    assert.equal(await countOpenTasks(world.parts.storage.read, task.taskId), 1)
    const ends = await Promise.all(['a', 'b', 'c'].map(end))
    assert.deepEqual(ends.toSorted(), [false, false, true])
    assert.equal(await state(), 'answered')
    const { kept: text } = await call.answer([])
    assert.equal(text, ['a', 'b', 'c'][ends.indexOf(true)])
    const careful = [{ id: 'x', type: 'redact', properties: { paths: '/a' } }]
    assert.deepEqual(await call.answer(careful), { outdated: true })
    assert.equal(await findServerTask(world.parts, task.id), undefined)
  })

  test('goes on for its own task, as that very call, while it is permitted', async (t) => {
    const world = await worlds.own(t)
    const { ask, call, decisionId, held, token } = await deferred(world)
    const goes = await ask()
    assert.ok(goes.outcome === 'permit')
    assert.equal(goes.decisionId, decisionId)
    const twice = await world.call(held, token, SMALL)
    assert.equal((await call.decide(twice)).outcome, 'permit')
    const replayed = await call.decide(twice)
    assert.ok(replayed.outcome === 'deny' && replayed.reason === 'proof.replayed')
    const another = await ask(refund('11.00'))
    assert.ok(another.outcome === 'deny' && another.reason === 'catalog.changed')
    const other = await world.open()
    const theirs = await world.call(other, await world.token(other), SMALL)
    assert.equal((await call.decide(theirs)).outcome, 'deny')

    const { policies } = world.parts
    const { text } = await policies.version((await policies.active()).version)
    const stop = '\n@id("stop") forbid (principal, action, resource);'
    const note = { by: world.ada.id, note: 'for tests' }
    await publishPolicies(world.parts, { text: text + stop, ...note })
    assert.equal((await ask()).outcome, 'deny')
    await publishPolicies(world.parts, { text, ...note })
    assert.equal((await ask()).outcome, 'permit', 'a denial ends nothing')
  })

  test('goes on by the approval that it used, while its giver may give it', async (t) => {
    const world = await worlds.own(t)
    const { ask } = await deferred(world, LARGE)
    const goes = await ask()
    assert.ok(goes.outcome === 'permit')
    assert.match(goes.requestId ?? '', /^req_/)
    await world.signIn('finn')
    assert.equal((await ask()).outcome, 'deny', 'not in finance any more')
  })

  test('is overdue when its time is over, or its task is closed', async (t) => {
    const world = await worlds.own(t)
    const { clock, storage } = world.parts
    const [timely, closed] = [await deferred(world), await deferred(world)]
    const overdue = async (now: number) =>
      (await overdueTasks(world.parts, now, 10)).map(({ id }) => id)
    assert.deepEqual(await overdue(clock.now()), [])
    await closeTask(world.parts, {
      taskId: closed.held.opened.task.id,
      by: 'psn_admin',
      reason: 'person',
    })
    assert.deepEqual(await overdue(clock.now()), [closed.task.id])
    const sealed = Buffer.from('from another key')
    await storage.transaction((tx) =>
      tx.updateTable('mcp_tasks').set({ sealed }).where('id', '=', closed.task.id).execute(),
    )
    assert.deepEqual(await overdue(clock.now()), [closed.task.id], 'also what nobody can read')
    assert.equal(await findServerTask(world.parts, closed.task.id), undefined)
    const both = [timely.task.id, closed.task.id].toSorted()
    assert.deepEqual((await overdue(clock.now() + 60_000)).toSorted(), both)
    await extendTask({ storage }, timely.task, clock.now() + 120_000)
    assert.deepEqual(await overdue(clock.now() + 60_000), [closed.task.id])
    await forgetServerTasks({ storage }, clock.now() + MAX_LIFE_MS)
    assert.ok(await findServerTask(world.parts, timely.task.id), 'what is open is not forgotten')
  })
})

test('a task is followed as long as its server says, and no longer than a day or its task of Remit', () => {
  const after = (ttl: Parameters<typeof taskEndOfLife>[0], deadline = Number.MAX_SAFE_INTEGER) =>
    taskEndOfLife(ttl, 1_000, deadline) - 1_000
  assert.equal(after(new ExactNumber('60000')), 60_000)
  assert.equal(after(new ExactNumber('0')), 0)
  assert.equal(after(new ExactNumber('60000'), 5_000), 4_000)
  for (const endless of [undefined, null, 'x', new ExactNumber('-1'), new ExactNumber('1e300')])
    assert.equal(after(endless), MAX_LIFE_MS)
})
