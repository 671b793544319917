/** Whole servers in processes of their own on one PostgreSQL. What they promise is counted by the API that they call. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { formsOf } from '../../examples/refund-desk/browser.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import { findTask } from '../../src/tasks/tasks/index.ts'
import type { OpenTask } from '../agent.ts'
import { assertRequestable } from '../refusals.ts'
import { until } from '../until.ts'
import { send } from '../wire.ts'
import { World } from '../world.ts'
import { ACTS, closeBesideCalls } from './acts.ts'
import { ServerProcess } from './server-process.ts'
import { Traffic } from './traffic.ts'

/** Idle time of agents by default, in milliseconds. */
const IDLE_MS = 600_000
const skip = process.env.TEST_POSTGRES_URL ? false : 'needs PostgreSQL (TEST_POSTGRES_URL)'

describe('two server processes on one database', { skip }, () => {
  let w: World
  let servers: readonly [ServerProcess, ServerProcess]

  before(async () => {
    w = await World.start('postgres')
    servers = await Promise.all([ServerProcess.start(w), ServerProcess.start(w)])
  })
  after(async () => {
    await Promise.all((servers ?? []).map((each) => each.kill()))
    await w?.stop()
  })

  it('nothing is executed twice, overdrawn, or permitted after an end has returned', async () => {
    const traffic = new Traffic(w)
    for (const act of ACTS) await Promise.all([act(w, traffic, servers), act(w, traffic, servers)])
    assert.ok(traffic.assertInvariants() > 10, 'most of it reached the API')
  })

  it('also when one is killed in the middle and comes back', async () => {
    const traffic = new Traffic(w)
    const [, second] = servers
    const work = Promise.all(ACTS.map((act) => act(w, traffic, servers)))
    await until(async () => (w.echo.reached.length > 1 ? true : undefined))
    await second.kill()
    await work
    await second.resume()
    await closeBesideCalls(w, traffic, servers)
    traffic.assertInvariants()
  })

  it('a task that ends when nobody uses it is in use at all while it is at one, and its end is that of all', async () => {
    const traffic = new Traffic(w)
    const [first, second] = servers
    const endsAt = async ({ id }: OpenTask, at: number, idleMs = IDLE_MS) => {
      const query = w.rooms.storage.read
        .updateTable('tasks')
        .set({ idle_ms: idleMs, idle_at: at })
        .where('id', '=', id)
      await w.rooms.storage.commit([{ name: 'the end by idleness', query, rows: 1 }])
    }
    const open = async (at: number) => {
      const task = await w.open()
      await traffic.tokenOf(task)
      await endsAt(task, at)
      return task
    }
    const late = await open(w.clock.now() - 1)
    for (const { agent } of servers) assert.equal((await traffic.call(agent, late))?.status, 401)
    const task = await open(w.clock.now() + 30_000)
    assert.equal((await traffic.call(second.agent, task))?.status, 200)
    const { idle_at } = await w.rooms.storage.read
      .selectFrom('tasks')
      .select('idle_at')
      .where('id', '=', task.id)
      .executeTakeFirstOrThrow()
    assert.ok((idle_at ?? 0) > w.clock.now() + IDLE_MS, 'a use at one server is one for all')
    assert.equal((await traffic.call(first.agent, task))?.status, 200)
    // Calls that just ended count as uses, too: for no time here.
    await endsAt(task, w.clock.now() - 1, 1)
    await until(async () => {
      const { closeReason, state } = (await findTask(w.rooms.storage.read, task.id)) ?? {}
      return state === 'closed' ? (assert.equal(closeReason, 'idle') ?? true) : undefined
    })
    // Everybody has dropped what it held of the task, or has no lease. Until then a server may still permit by a use that it remembers.
    await until(async () => {
      const { count } = await w.rooms.storage.read
        .selectFrom('live_replicas')
        .select((eb) => eb.fn.countAll<number>().as('count'))
        .where('lease_until', '>', w.clock.now())
        .where('acknowledged', '<', (eb) =>
          eb.selectFrom('live_changes').select((inner) => inner.fn.max('seq').as('seq')),
        )
        .executeTakeFirstOrThrow()
      return Number(count) === 0 || undefined
    })
    for (const { agent } of servers) assert.equal((await traffic.call(agent, task))?.status, 401)
  })

  it('break-glass that is used at all of them at once is used once, and so is the call', async () => {
    const { version } = await w.rooms.policies.active()
    const { text } = await w.rooms.policies.version(version)
    const { id: nils } = await w.person('nils')
    const { id: by } = await w.person('ada')
    await publishPolicies(w.rooms.policy, {
      text: text.replaceAll('@requestable(', `@break_glass("person:${nils}") @requestable(`),
      ...{ by, note: 'for tests' },
    })
    const task = await w.open()
    const call = ({ agent }: ServerProcess) => agent.call(task, 'DELETE', '/echo/things/alone')
    const { page } = assertRequestable(await call(servers[0]))
    const browser = await w.browser('nils')
    const offer = await browser.get(page)
    const emergency = 'customers cannot pay, finance is asleep'
    const spelled = await browser.submit(offer, /^Look at it first/, { emergency })
    const form = formsOf(spelled).find(({ buttons }) =>
      buttons.some(({ value }) => value === 'break_glass'),
    )
    assert.ok(form, spelled.text)
    const body = new URLSearchParams([...form.fields, ['answer', 'break_glass']]).toString()
    const headers = [
      ['Content-Type', 'application/x-www-form-urlencoded'],
      ['Cookie', `remit_session=${browser.cookie(page, 'remit_session')}`],
      ['Origin', w.issuer],
      ['Sec-Fetch-Site', 'same-origin'],
    ] as const
    const everywhere = Array.from({ length: 4 }, () => servers).flat()
    const answers = await Promise.all(
      everywhere.map(({ issuerPort: port }) =>
        send(`${w.issuer}${form.action}`, { method: 'POST', headers, body, port }),
      ),
    )
    const given = answers.filter(({ status }) => status < 400)
    const others = answers.filter(({ status }) => status >= 400)
    assert.equal(given.length, 1, answers.map(({ status }) => status).join(' '))
    for (const { status, text: said } of others) assert.equal(status, 409, said)
    const before = w.echo.reached.length
    const done = await Promise.all(everywhere.map(call))
    assert.equal(done.filter(({ status }) => status === 200).length, 1)
    assert.equal(w.echo.reached.length, before + 1)
    const records = (await w.ledger()).filter(({ type }) => type === 'approval.break_glass')
    assert.equal(records.length, 1)
  })

  it('a server that stands still while a task is closed elsewhere permits nothing when it goes on', async () => {
    const traffic = new Traffic(w)
    const [, second] = servers
    const task = await w.open()
    await traffic.tokenOf(task)
    assert.equal((await traffic.call(second.agent, task))?.status, 200)
    const goOn = second.freeze()
    try {
      assert.equal((await w.agent.about(task, 'DELETE', '')).status, 200)
      traffic.ended(task)
      const waiting = Array.from({ length: 8 }, () => traffic.call(second.agent, task))
      goOn()
      await Promise.all(waiting)
      await traffic.call(second.agent, task)
    } finally {
      goOn()
    }
    assert.equal(traffic.assertInvariants(), 1)
  })
})
