import assert from 'node:assert/strict'
import { it } from 'node:test'
import { verifyLedger } from '../../verifier/src/index.ts'
import { assertDenied, assertRequestable } from '../refusals.ts'
import { inEachWorld, type World } from '../world.ts'
import { momentOf } from './went-back.ts'

const READ = '/orders/orders/1042'
const ERASE = '/echo/things/x'

/** A task that is closed, and an approved call that is executed, after the moment that the database goes back to. */
async function lived(w: World) {
  const [closed, approved] = [await w.open(), await w.open()]
  const tokens = {
    closed: await w.agent.token(closed, w.orders),
    approved: await w.agent.token(approved, `${w.gateway}/echo`),
  }
  const asked = assertRequestable(
    await w.agent.call(approved, 'DELETE', ERASE, { token: tokens.approved }),
  )
  const fiona = await w.browser('fiona')
  assert.equal((await fiona.submit(await fiona.get(asked.page), /^Approve once/)).status, 200)
  await w.rooms.ledger.sequence()
  const moment = await momentOf(w)
  const done = await w.agent.call(approved, 'DELETE', ERASE, { token: tokens.approved })
  assert.equal(done.status, 200, done.text)
  assert.equal((await w.agent.about(closed, 'DELETE', '')).status, 200)
  await w.rooms.ledger.sequence()
  return { closed, approved, tokens, moment }
}

type StoredLife = Awaited<ReturnType<typeof lived>>

async function assertStopped(w: World, { approved, closed, tokens }: StoredLife) {
  const reached = w.echo.reached.length
  const revived = await w.agent.call(closed, 'GET', READ, { token: tokens.closed })
  assertDenied(revived, 'ledger.inconsistent')
  const again = await w.agent.call(approved, 'DELETE', ERASE, { token: tokens.approved })
  assertDenied(again, 'ledger.inconsistent')
  assert.equal(w.echo.reached.length, reached, 'an approval that was used is not used again')
  await assert.rejects(w.open(), 'nothing opens')
  await assert.rejects(w.agent.token(approved, w.orders), 'nothing is issued')
  const ready = await fetch(`${w.issuer}/readyz`)
  assert.equal(ready.status, 503)
  assert.match(await ready.text(), /ledger.inconsistent/)
}

/** People sign in and revoke; an administrator looks, goes on, and finds everything closed. */
async function assertGoesOn(w: World, { approved, closed, tokens }: StoredLife) {
  w.forgetBrowsers()
  assert.equal((await (await w.browser('fiona')).get(`${w.issuer}/`)).status, 200)
  const ada = await w.api('ada')
  const suspended = await ada.send('POST', '/agents/refund-bot/suspend', {})
  assert.equal(suspended.status, 200, suspended.text)
  await ada.send('POST', '/agents/refund-bot/resume', {})
  const state = await ada.send('GET', '/ledger/state')
  const found = state.body.break as { history: number; signed_size: number; common_size: number } // as the API says
  assert.equal(state.body.consistent, false)
  assert.ok(found.signed_size > found.common_size && found.common_size > 0, state.text)
  const sam = await (await w.api('sam')).send('POST', '/ledger/break/accept', { history: 1 })
  assert.equal(sam.status, 403)
  const accepted = await ada.send('POST', '/ledger/break/accept', { history: found.history })
  assert.equal(accepted.status, 200, accepted.text)
  assert.ok(Number(accepted.body.closed_tasks) >= 2, accepted.text)
  assert.equal((await ada.send('GET', '/ledger/state')).body.consistent, true)

  const revived = await w.agent.call(closed, 'GET', READ, { token: tokens.closed })
  assertDenied(revived, 'task.closed')
  const again = await w.agent.call(approved, 'DELETE', ERASE, { token: tokens.approved })
  assertDenied(again, 'task.closed')
  const task = await w.open()
  assert.equal((await w.agent.call(task, 'GET', READ)).status, 200)
  assert.equal((await fetch(`${w.issuer}/readyz`)).status, 200)
  assert.equal((await verified(w)).verdict, 'ok')
}

async function verified(w: World) {
  const files = new Map<string, Buffer>()
  await w.rooms.ledger.exportTo(async (path, bytes) => {
    files.set(path, Buffer.concat([files.get(path) ?? Buffer.alloc(0), bytes]))
  })
  return verifyLedger({ read: async (path) => files.get(path), async *lines() {} })
}

inEachWorld('a server that starts on an older database', (world) => {
  it('permits nothing, opens nothing, issues nothing, until an administrator has gone on; people sign in and revoke', async () => {
    const w = world()
    const past = await lived(w)
    await w.stopServer()
    await past.moment.putBack()
    await w.startServer()
    await assertStopped(w, past)
    await assertGoesOn(w, past)
  })
})

inEachWorld('a database that loses its end under a running server', (world) => {
  it('permits nothing from the next look on', async () => {
    const w = world()
    // A file is not put back under a process that has it open.
    if (w.databaseUrl === undefined) return
    const past = await lived(w)
    await past.moment.putBack()
    await w.rooms.ledger.sequence().catch(() => {})
    await assertStopped(w, past)
    await assertGoesOn(w, past)
  })
})
