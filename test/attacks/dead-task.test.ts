import assert from 'node:assert/strict'
import { it } from 'node:test'
import { sql } from 'kysely'
import type { OpenTask } from '../agent.ts'
import { assertDenied, assertNoToken, assertRefused, assertRequestable } from '../refusals.ts'
import { until } from '../until.ts'
import { inEachWorld, type World } from '../world.ts'

/** A task with one of everything that it can hold. */
async function rich(w: World) {
  const task = await w.open()
  const echo = `${w.gateway}/echo`
  const tokens = {
    orders: await w.agent.token(task, w.orders),
    echo: await w.agent.token(task, echo),
  }
  const fiona = await w.browser('fiona')
  const remove = (thing: string) =>
    w.agent.call(task, 'DELETE', `/echo/things/${thing}`, { token: tokens.echo })
  const pending = assertRequestable(await remove('pending'))
  const approved = assertRequestable(await remove('approved'))
  await fiona.submit(await fiona.get(approved.page), /^Approve once/)
  const executed = assertRequestable(await remove('executed'))
  await fiona.submit(await fiona.get(executed.page), /^Approve once/)
  assert.equal((await remove('executed')).status, 200)
  const page = await fiona.get(pending.page)
  return { task, tokens, pending, approved, executed, page }
}

/** Every artefact of the task, tried wherever it could mean something. */
async function nothingWorks(
  w: World,
  { approved, executed, page, pending, task, tokens }: Awaited<ReturnType<typeof rich>>,
) {
  const before = w.echo.reached.length
  const { agent } = w
  for (const [method, path] of [
    ['GET', '/echo/things/1'],
    ['DELETE', '/echo/things/pending'],
    ['DELETE', '/echo/things/approved'],
    ['DELETE', '/echo/things/executed'],
    ['POST', '/echo/things'],
  ] as const) {
    const body = method === 'POST' ? { body: '{"name":"a"}' } : {}
    assertDenied(
      await agent.call(task, method, path, { token: tokens.echo, ...body }),
      'task.closed',
    )
  }
  const read = { token: tokens.orders }
  assertDenied(await agent.call(task, 'GET', '/orders/orders/1042', read), 'task.closed')
  for (const resource of [w.orders, `${w.gateway}/echo`])
    assertNoToken(await agent.askToken(task, resource), 'invalid_grant', 'task.closed')
  for (const request of [pending, approved, executed]) {
    assertRefused(await agent.about(task, 'GET', `/requests/${request.id}`), 'task.closed')
    const body = JSON.stringify({ request_id: request.id })
    assertRefused(await agent.about(task, 'POST', '/requests', { body }), 'task.closed')
  }
  assertRefused(await agent.about(task, 'GET', ''), 'task.closed')
  assertRefused(await agent.about(task, 'DELETE', ''), 'task.closed')
  for (const token of [task.token, tokens.orders, tokens.echo])
    assert.equal((await agent.revoke(token)).status, 200)
  const reopened = await agent.ask({
    subjectToken: await w.idToken(),
    scope: 'orders.read',
    key: task.key,
  })
  assertNoToken(reopened, 'invalid_request', 'task.key_used')

  const fiona = await w.browser('fiona')
  assert.notEqual((await fiona.submit(page, /^Approve once/)).status, 200, 'the page from before')
  const ada = await w.api('ada')
  for (const act of ['resume', 'suspend'])
    assertRefused(
      await ada.send('POST', `/tasks/${task.id}/${act}`, {}),
      'task.already_closed',
      act,
    )
  assert.equal((await ada.send('GET', `/tasks/${task.id}`)).body.state, 'closed')
  assert.equal(w.echo.reached.length, before, 'nothing reached the API')
}

const CLOSINGS: Readonly<Record<string, (w: World, task: OpenTask) => Promise<void>>> = {
  'its agent': async (w, task) =>
    assert.equal((await w.agent.about(task, 'DELETE', '')).status, 200),
  revocation: async (w, { token }) => assert.equal((await w.agent.revoke(token)).status, 200),
  'the person': async (w, { id }) => {
    const sam = await w.api('sam')
    assert.equal((await sam.send('POST', `/tasks/${id}/close`, {})).status, 200)
  },
  'an administrator': async (w, { id }) => {
    const ada = await w.api('ada')
    assert.equal((await ada.send('POST', `/tasks/${id}/close`, { reason: 'odd' })).status, 200)
  },
}

inEachWorld('a closed task is dead', (world) => {
  for (const [who, close] of Object.entries(CLOSINGS)) {
    it(`closed by ${who}: none of its artefacts works anywhere`, async () => {
      const w = world()
      const held = await rich(w)
      await close(w, held.task)
      await nothingWorks(w, held)
    })
  }

  it('nor after a restart', async () => {
    const w = world()
    const held = await rich(w)
    await w.agent.about(held.task, 'DELETE', '')
    await w.restart()
    await nothingWorks(w, held)
  })

  it('no call that begins after the closing has returned is permitted, however many are under way', async () => {
    const w = world()
    const task = await w.open()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    w.echo.forget()
    const calls: { begun: number; ended: number; status: number; text: string }[] = []
    let closed = Number.POSITIVE_INFINITY
    let stop = false
    const caller = async () => {
      while (!stop) {
        const begun = performance.now()
        const { status, text } = await w.agent.call(task, 'GET', '/echo/things/1', { token })
        calls.push({ begun, ended: performance.now(), status, text })
        if (begun > closed) return
      }
    }
    const callers = Array.from({ length: 16 }, caller)
    await w.echo.arrived(20)
    await w.agent.about(task, 'DELETE', '')
    closed = performance.now()
    await Promise.all(callers)
    stop = true
    const late = calls.filter(({ begun }) => begun > closed)
    assert.ok(late.length >= 16 && calls.some(({ status }) => status === 200))
    for (const { status, text } of late) assert.equal(status, 401, text)
    // What was sent when the task ended has an effect that is not known.
    for (const { status, text } of calls)
      assert.ok([200, 401, 403].includes(status) || text.includes('call.effect_unknown'), text)
    // And none that was on its way stays open as if nothing had happened.
    const sending = sql<{
      n: number
    }>`SELECT count(*) AS n FROM known_decisions WHERE state = 'sending'`
    await until(async () => {
      const { rows } = await sending.execute(w.rooms.storage.read)
      return Number(rows[0]?.n) === 0 || undefined
    })
  })
})
