import assert from 'node:assert/strict'
import { it } from 'node:test'
import { JWT_BEARER } from '../agent.ts'
import { addAgent, orders } from '../delegation.ts'
import { Place, rpcOf } from '../mcp/place.ts'
import { decode, newKey } from '../signing.ts'
import { inOneWorld, type World } from '../world.ts'
import { servePlanner } from './planner.ts'

const REDEEM = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/** A message, sent by hand with these headers. */
function message(id: string) {
  return { messageId: id, role: 'ROLE_USER', parts: [{ text: 'look at my order' }] }
}

inOneWorld('a ticket that goes with a message', (world) => {
  async function standing(w: World, name: string) {
    const planner = await servePlanner()
    w.onStop(() => planner.close())
    const place = await Place.add(w, { name, url: planner.url, a2a: true })
    const delegates = { ...orders(w, 'orders.read'), type: 'remit_delegate' }
    const open = () => place.open([...place.details(), orders(w, 'orders.read'), delegates])
    return { open, place, planner }
  }

  it('opens a task of the called agent below the caller, and its token names the chain', async () => {
    const w = world()
    const { open, place, planner } = await standing(w, 'planner')
    const helper = await addAgent(w, 'planner-bot', 'ada')
    const parent = await open()
    const asked = {
      agent: 'planner-bot',
      purpose: 'look',
      authorization_details: [orders(w, 'orders.read')],
    }
    const made = await w.agent.about(parent, 'POST', '/children', { body: JSON.stringify(asked) })
    const ticket = String(made.body.ticket)
    assert.match(ticket, /^ey/, made.text)
    const session = await place.bare(parent)
    const headers = { 'a2a-version': '1.0', 'remit-ticket': ticket }
    const sent = await session.request('SendMessage', { message: message('one') }, { headers })
    assert.ok(rpcOf(sent).result?.task, sent.text)
    assert.equal(sent.text.includes(ticket), false)
    // The called agent does with it what only it can.
    const got = String(planner.reached.at(-1)?.headers['remit-ticket'])
    const key = await newKey()
    const opened = await helper.tokenRequest(key, {
      grant_type: REDEEM,
      client_assertion_type: JWT_BEARER,
      client_assertion: await helper.assertion(),
      assertion: got,
      resource: w.orders,
    })
    assert.equal(opened.status, 200, opened.text)
    const { claims } = decode(String(opened.body.access_token))
    const { act } = claims as { act: { sub: string; act: { sub: string } } } // as: as documented
    assert.deepEqual([act.sub, act.act.sub], ['planner-bot', 'refund-bot'])
    const other = await addAgent(w, 'thief-bot', 'ada')
    const stolen = await other.tokenRequest(await newKey(), {
      grant_type: REDEEM,
      client_assertion_type: JWT_BEARER,
      client_assertion: await other.assertion(),
      assertion: got,
    })
    assert.equal(stolen.status, 400, stolen.text)
  })

  it('M6: an approved message carries a fresh ticket for the child task that people saw', async () => {
    const w = world()
    const planner = await servePlanner()
    w.onStop(() => planner.close())
    const place = await Place.add(w, {
      ...{ name: 'third', url: planner.url, a2a: true },
      asks: ['send-message'],
    })
    const delegates = { ...orders(w, 'orders.read'), type: 'remit_delegate' }
    const parent = await place.open([...place.details(), orders(w, 'orders.read'), delegates])
    const helper = await addAgent(w, 'third-bot', 'ada')
    const child = {
      agent: 'third-bot',
      purpose: 'look at the order',
      authorization_details: [orders(w, 'orders.read')],
    }
    const spawn = async () => {
      const asked = { body: JSON.stringify(child) }
      return String((await w.agent.about(parent, 'POST', '/children', asked)).body.ticket)
    }
    const session = await place.bare(parent)
    const asking = async (method: string, params: object, ticket?: string) => {
      const headers = { 'a2a-version': '1.0', ...(ticket ? { 'remit-ticket': ticket } : {}) }
      return rpcOf(await session.request(method, params, { headers }))
    }
    const first = await spawn()
    const waits = (await asking('SendMessage', { message: message('m6') }, first)).result.task
    assert.equal(waits.status.state, 'TASK_STATE_AUTH_REQUIRED')
    // The same child by another ticket is the same call; without one, or for another child, it is another.
    const again = (await asking('SendMessage', { message: message('m6') }, await spawn())).result
    assert.equal(again.task.id, waits.id)
    const without = (await asking('SendMessage', { message: message('m6') })).result.task
    assert.notEqual(without.id, waits.id)
    const fiona = await w.browser('fiona')
    const page = await fiona.get(`${w.issuer}/approvals/${waits.id}`)
    for (const part of ['third-bot', 'look at the order', 'orders.read'])
      assert.ok(page.text.includes(part), part)
    assert.equal((await fiona.submit(page, /^Approve once/, {})).status, 200)
    assert.equal(planner.reached.length, 0)
    // People took longer than a ticket lives.
    w.clock.advance(70_000)
    const done = await asking('GetTask', { id: waits.id })
    assert.ok(done.result, JSON.stringify(done))
    const fresh = String(planner.reached.at(-1)?.headers['remit-ticket'])
    assert.match(fresh, /^ey/)
    assert.notEqual(fresh, first)
    const redeemed = async (assertion: string) =>
      helper.tokenRequest(await newKey(), {
        grant_type: REDEEM,
        client_assertion_type: JWT_BEARER,
        client_assertion: await helper.assertion(),
        assertion,
        resource: w.orders,
      })
    assert.equal((await redeemed(first)).status, 400)
    const opened = await redeemed(fresh)
    assert.equal(opened.status, 200, opened.text)
    const { claims } = decode(String(opened.body.access_token))
    const { act } = claims as { act: { sub: string; act: { sub: string } } } // as: as documented
    assert.deepEqual([act.sub, act.act.sub], ['third-bot', 'refund-bot'])
  })

  it('M6: what may not be handed on any more goes with no approved message', async () => {
    const w = world()
    const planner = await servePlanner()
    w.onStop(() => planner.close())
    const place = await Place.add(w, {
      ...{ name: 'fourth', url: planner.url, a2a: true },
      asks: ['send-message'],
    })
    const delegates = { ...orders(w, 'orders.read'), type: 'remit_delegate' }
    const parent = await place.open([...place.details(), orders(w, 'orders.read'), delegates])
    await addAgent(w, 'fourth-bot', 'ada')
    const child = {
      agent: 'fourth-bot',
      purpose: 'look',
      authorization_details: [orders(w, 'orders.read')],
    }
    const made = await w.agent.about(parent, 'POST', '/children', { body: JSON.stringify(child) })
    const session = await place.bare(parent)
    const headers = { 'a2a-version': '1.0', 'remit-ticket': String(made.body.ticket) }
    const sent = await session.request('SendMessage', { message: message('four') }, { headers })
    const { id } = rpcOf(sent).result.task
    const fiona = await w.browser('fiona')
    await fiona.submit(await fiona.get(`${w.issuer}/approvals/${id}`), /^Approve once/, {})
    const ada = await w.api('ada')
    const suspended = await ada.send('POST', '/agents/fourth-bot/suspend', {})
    assert.ok(suspended.status < 300, suspended.text)
    const version = { headers: { 'a2a-version': '1.0' } }
    const told = rpcOf(await session.request('GetTask', { id }, version))
    assert.equal(told.error?.code, -32603, JSON.stringify(told))
    assert.match(told.error.message, /^not executed: /)
    assert.equal(planner.reached.length, 0)
  })

  it('of another task, of nobody, or something that is none, is refused before anything is sent', async () => {
    const w = world()
    const { open, place, planner } = await standing(w, 'second')
    await addAgent(w, 'second-bot', 'ada')
    const [mine, other] = [await open(), await open()]
    const asked = {
      agent: 'second-bot',
      purpose: 'look',
      authorization_details: [orders(w, 'orders.read')],
    }
    const made = await w.agent.about(other, 'POST', '/children', { body: JSON.stringify(asked) })
    const ticket = String(made.body.ticket)
    const session = await place.bare(mine)
    for (const each of [ticket, `${ticket}x`, mine.token, 'secret', 'x'.repeat(3_000)]) {
      const headers = { 'a2a-version': '1.0', 'remit-ticket': each }
      const told = await session.request('SendMessage', { message: message('two') }, { headers })
      assert.equal(rpcOf(told).error?.code, -32602, told.text)
      assert.equal(told.text.includes(each), false)
    }
    assert.equal(planner.reached.length, 0)
  })
})
