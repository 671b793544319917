import assert from 'node:assert/strict'
import { it } from 'node:test'
import { formsOf } from '../../examples/refund-desk/browser.ts'
import { assertDenied, assertNoToken } from '../refusals.ts'
import { newKey } from '../signing.ts'
import { inEachWorld, type World } from '../world.ts'

/** Details that the story asks for: one order, up to 1,000.00 back. */
function wanted({ orders }: World) {
  const thisOrder = { path: '/order_id', op: 'eq', value: '1042' }
  return [
    { type: 'remit_call', locations: [orders], actions: ['orders.read'], bounds: [thisOrder] },
    {
      type: 'remit_call',
      locations: [orders],
      actions: ['orders.refund'],
      bounds: [thisOrder, { path: '/amount', op: 'lte', value: '1000.00' }],
    },
  ]
}

inEachWorld(
  'opening a task with consent',
  (world) => {
    it('asks the person, who gives less than was asked for; the same exchange then opens the task', async () => {
      const w = world()
      const { agent } = w
      const wish = { subjectToken: await w.idToken(), details: wanted(w), key: await newKey() }
      const form = { client_assertion: await agent.assertion() }
      const proofs = [
        await agent.proof(wish.key, { method: 'POST', url: `${w.issuer}/oauth/token` }),
      ]

      const first = await agent.ask(wish, { form, proofs })
      assertNoToken(first, 'interaction_required', 'consent.required')
      const page = String(first.body.interaction_uri)
      assert.equal(new URL(page).origin, w.issuer)
      assertNoToken(await agent.ask(wish, { form, proofs }), 'invalid_dpop_proof', 'proof.replayed')

      const fiona = await w.browser('fiona')
      assert.equal((await fiona.get(page)).status, 404, 'it is not her question')
      const sam = await w.browser('sam')
      const asked = await sam.get(page)
      for (const word of ['refund-bot', '1042', '1000.00'])
        assert.ok(asked.html.includes(word), word)
      const amount = [...(formsOf(asked).at(-1)?.fields ?? [])].find(
        ([, value]) => value === '1000.00',
      )
      assert.ok(amount, 'the largest amount can be lowered')
      const wider = await sam.allow(asked, { [amount[0]]: '1000.01' })
      assert.equal(wider.status, 400, 'a consent only narrows')
      assert.equal((await sam.allow(asked, { [amount[0]]: '50.00' })).status, 200)

      // Nothing but the proof was used up by being asked.
      const second = await agent.ask(wish, { form })
      assert.equal(second.status, 200, second.text)
      const granted = JSON.stringify(second.body.authorization_details)
      assert.ok(granted.includes('50.00') && !granted.includes('1000.00'), granted)

      const task = {
        id: String(second.body.task_id),
        token: String(second.body.access_token),
        key: wish.key,
      }
      const refund = (amount: string) => ({ body: `{"amount": ${amount}}` })
      const path = '/orders/orders/1042/refunds'
      assert.equal((await agent.call(task, 'POST', path, refund('50.00'))).status, 201)
      const more = await agent.call(task, 'POST', path, refund('50.01'))
      assertDenied(more, 'task.not_covered')
      assert.ok(more.text.includes('50.00'), 'it is told what would be covered')

      const used = await agent.ask({ ...wish, key: await newKey() }, { form })
      assertNoToken(used, 'invalid_client', 'agent.unauthenticated', 'the assertion is used up now')
      const again = await agent.ask({ ...wish, key: await newKey() })
      assertNoToken(again, 'invalid_grant', 'subject_token.replayed')
      const other = await agent.ask({ ...wish, subjectToken: await w.idToken() })
      assertNoToken(other, 'invalid_request', 'task.key_used', 'a key is for one task')
    })

    it('a person who says no is not asked again for a while', async () => {
      const w = world()
      const details = [
        { type: 'remit_call', locations: [w.orders], actions: ['orders.list'], bounds: [] },
      ]
      const ask = async () => w.agent.ask({ subjectToken: await w.idToken(), details })
      const first = await ask()
      // A basis for something else exists by now; it covers nothing of this.
      assertNoToken(first, 'interaction_required', 'consent.required')
      const sam = await w.browser('sam')
      await sam.submit(await sam.get(String(first.body.interaction_uri)), /^Refuse/)
      assertNoToken(await ask(), 'access_denied', 'consent.denied')
    })

    it('a consent that is taken back ends the tasks that stand on it', async () => {
      const w = world()
      const details = [
        { type: 'remit_call', locations: [w.orders], actions: ['orders.list-refunds'], bounds: [] },
      ]
      const first = await w.agent.ask({ subjectToken: await w.idToken(), details })
      const sam = await w.browser('sam')
      await sam.allow(await sam.get(String(first.body.interaction_uri)))
      const task = await w.open({ details })
      const token = await w.agent.token(task, w.orders)
      const path = '/orders/orders/1042/refunds'
      assert.equal((await w.agent.call(task, 'GET', path, { token })).status, 200)
      for (;;) {
        const page = await sam.get(`${w.issuer}/tasks`)
        if (!page.text.includes('Take it back')) break
        assert.equal((await sam.submit(page, /^Take it back/)).status, 200)
      }
      assertDenied(await w.agent.call(task, 'GET', path, { token }), 'task.closed')
      const next = await w.agent.ask({ subjectToken: await w.idToken(), details })
      assertNoToken(next, 'interaction_required', 'consent.required')
    })
  },
  { consented: false },
)
