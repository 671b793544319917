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
