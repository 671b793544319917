import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import {
  CallFailed,
  ConsentRequired,
  Denied,
  type Detail,
  discover,
  openTask,
  redeemTicket,
  type Task,
  UsageError,
} from 'remit-sdk'
import type { TestAgent } from '../agent.ts'
import { addAgent, orders } from '../delegation.ts'
import { inOneWorld, type World } from '../world.ts'
import { assertDenied, failure } from './failure.ts'
import { addRules, sdkTask, soon } from './shops.ts'

const identity = ({ id, key }: TestAgent) => ({ id, key: key.privateJwk })

async function stateOf(w: World, id: string): Promise<unknown> {
  return (await (await w.api('ada')).send('GET', `/tasks/${id}`)).body.state
}

inOneWorld('a task of the SDK', (world) => {
  it('is open for one piece of work, and closed when the work is done', async () => {
    const w = world()
    let id = ''
    {
      await using task = await sdkTask(w, { details: [orders(w, 'orders.read')] })
      id = task.id
      assert.match(id, /^tsk_/)
      assert.deepEqual(task.details, [orders(w, 'orders.read')])
      assert.equal((await task.fetch(`${w.orders}/orders/1042`)).status, 200)
      assert.equal(await stateOf(w, id), 'open')
    }
    assert.equal(await stateOf(w, id), 'closed')
  })

  it('is closed, too, when the work fails', async () => {
    const w = world()
    let id = ''
    const work = async () => {
      await using task = await sdkTask(w, { details: [orders(w, 'orders.read')] })
      id = task.id
      throw new RangeError('the work failed')
    }
    assert.ok((await failure(work())) instanceof RangeError)
    assert.equal(await stateOf(w, id), 'closed')
  })

  it('closes once; closing again, or what others closed, is no failure', async () => {
    const w = world()
    const task = await sdkTask(w, { details: [orders(w, 'orders.read')] })
    await task.close()
    await task.close()
    assertDenied(await failure(task.fetch(`${w.orders}/orders/1042`)), 'task.closed')
    const other = await sdkTask(w, { details: [orders(w, 'orders.read')] })
    const closed = await (await w.api('ada')).send('POST', `/tasks/${other.id}/close`, {})
    assert.equal(closed.status, 200, closed.text)
    await other.close()
  })

  it('is asked for by scopes as well, and gets what is left of what was asked', async () => {
    const w = world()
    await using task = await sdkTask(w, { scope: 'orders.read' })
    assert.deepEqual(
      task.details.map(({ actions }) => actions),
      [['orders.read']],
    )
    const asked = [orders(w, 'orders.read'), orders(w, 'orders.cancel')]
    await using less = await sdkTask(w, { details: asked })
    assert.deepEqual(less.details, [orders(w, 'orders.read')])
  })

  it('is not opened for what the agent may never do, nor by a stranger, nor twice by one token', async () => {
    const w = world()
    const beyond = await failure(sdkTask(w, { details: [orders(w, 'orders.cancel')] }))
    assertDenied(beyond, 'task.beyond_ceiling')
    const { key } = w.agent
    const stranger = await addAgent(w, 'stranger', 'ada')
    const wrong = { id: stranger.id, key: key.privateJwk }
    assertDenied(await failure(sdkTask(w, { agent: wrong })), 'agent.unauthenticated')
    const subjectToken = await w.idToken('sam')
    await using task = await sdkTask(w, { subjectToken, scope: 'orders.read' })
    const replayed = await failure(sdkTask(w, { subjectToken, scope: 'orders.read' }))
    assertDenied(replayed, 'subject_token.replayed')
    assert.equal(await stateOf(w, task.id), 'open')
  })

  it('says what is wrong with how it is used before anything is sent', async () => {
    const w = world()
    const nothing = { fetch: () => assert.fail('nothing is sent') }
    const opening = { issuer: w.issuer, agent: identity(w.agent), purpose: 'x', ...nothing }
    for (const wrong of [
      {},
      { subjectToken: 'x', sponsorGrant: 'spg_x' },
      { subjectToken: 'x', issuer: 'http://remit.example' },
      { subjectToken: 'x', issuer: 'remit' },
    ])
      assert.ok((await failure(openTask({ ...opening, ...wrong }))) instanceof UsageError)
    const server = await discover(w.issuer, { fetch })
    const agent = { id: 'refund-bot' }
    const keyless = openTask({ ...opening, issuer: server, agent, subjectToken: 'x' })
    assert.ok((await failure(keyless)) instanceof UsageError)
  })

  it('may have an agent that is signed for elsewhere', async () => {
    const w = world()
    const agent = { id: 'refund-bot', assertion: () => w.agent.assertion() }
    await using task = await sdkTask(w, { agent, scope: 'orders.read' })
    assert.match(task.id, /^tsk_/)
  })

  it('is shut off while it is suspended, and goes on by itself when it is resumed', async () => {
    const w = world()
    await using task = await sdkTask(w, { details: [orders(w, 'orders.read')] })
    const read = () => task.fetch(`${w.orders}/orders/1042`)
    assert.equal((await read()).status, 200)
    const ada = await w.api('ada')
    assert.equal((await ada.send('POST', `/tasks/${task.id}/suspend`, {})).status, 200)
    assertDenied(await failure(read()), 'task.suspended')
    assert.equal((await ada.send('POST', `/tasks/${task.id}/resume`, {})).status, 200)
    assert.equal((await read()).status, 200)
  })
})

inOneWorld(
  'a person who has not agreed yet',
  (world) => {
    const opening = (w: World): Parameters<typeof sdkTask>[1] => ({
      details: [orders(w, 'orders.read')],
      purpose: 'look at order 1042',
    })

    it('is asked on a page, which the error names', async () => {
      const w = world()
      const error = await failure(sdkTask(w, opening(w)))
      assert.ok(error instanceof ConsentRequired)
      assertDenied(error, 'consent.required')
      assert.ok(error.interactionUri.startsWith(`${w.issuer}/consent/`))
    })

    it('agrees while the opening waits; the page is told once', async () => {
      const w = world()
      const pages: string[] = []
      await using task = await sdkTask(w, {
        ...opening(w),
        onConsent: async ({ interactionUri }) => {
          pages.push(interactionUri)
          const sam = await w.browser('sam')
          const agreed = await sam.submit(await sam.get(interactionUri), /^grant$/)
          assert.equal(agreed.status, 200, agreed.text)
        },
      })
      assert.equal(pages.length, 1)
      assert.equal((await task.fetch(`${w.orders}/orders/1042`)).status, 200)
    })

    it('is not waited for any longer than the signal says', async () => {
      const w = world()
      const controller = new AbortController()
      const more = { details: [orders(w, 'orders.list')], signal: controller.signal }
      const waiting = sdkTask(w, {
        ...opening(w),
        ...more,
        onConsent: () => controller.abort(new Error('enough')),
      })
      assert.match(String(await failure(waiting)), /enough/)
    })

    it('says no: the opening ends', async () => {
      const w = world()
      const waiting = sdkTask(w, {
        ...opening(w),
        details: [orders(w, 'orders.list')],
        onConsent: async ({ interactionUri }) => {
          const sam = await w.browser('sam')
          const denied = await sam.submit(await sam.get(interactionUri), /^deny$/)
          assert.equal(denied.status, 200, denied.text)
        },
      })
      assertDenied(await failure(waiting), 'consent.denied')
    })
  },
  { consented: false },
)

inOneWorld('a child of a task of the SDK', (world) => {
  before(async () => {
    await addRules(
      world(),
      '@id("helpers") permit (principal is Agent, action, resource == Resource::"orders") when { principal.trust == 3 };',
    )
  })

  const wide = (w: World) => ({ details: [orders(w, 'orders.read', 'orders.list')] })
  const childOf = async (w: World, parent: Task, agent: TestAgent, details: readonly Detail[]) => {
    const ticket = await parent.child({ agent: agent.id, details, purpose: 'help' })
    const { now } = w.clock
    return redeemTicket({ issuer: w.issuer, agent: identity(agent), ticket, now, sleep: soon })
  }

  it('does less than its parent, by another agent, and ends with it', async () => {
    const w = world()
    const helper = await addAgent(w, 'helper-one', 'ada')
    const parent = await sdkTask(w, wide(w))
    const bounds = [{ path: '/order_id', op: 'eq', value: '1042' }] as const
    const child = await childOf(w, parent, helper, [{ ...orders(w, 'orders.read'), bounds }])
    assert.notEqual(child.id, parent.id)
    assert.equal((await child.fetch(`${w.orders}/orders/1042`)).status, 200)
    const other = await failure(child.fetch(`${w.orders}/orders/1043`))
    assertDenied(other, 'task.not_covered')
    assert.match(other.decisionId ?? '', /^dec_/)
    assert.match(other.enough ?? '', /1043/)
    await parent.close()
    assertDenied(await failure(child.fetch(`${w.orders}/orders/1042`)), 'task.closed')
    await child.close()
  })

  it('is never wider than what its parent may hand on, in any direction', async () => {
    const w = world()
    const helper = await addAgent(w, 'helper-two', 'ada')
    const bounds = [{ path: '/order_id', op: 'eq', value: '1042' }] as const
    await using parent = await sdkTask(w, {
      details: [orders(w, 'orders.read', 'orders.list')],
      mayDelegate: [{ ...orders(w, 'orders.read'), bounds }],
    })
    for (const details of [
      [orders(w, 'orders.list')],
      [orders(w, 'orders.read')],
      [{ ...orders(w, 'orders.read'), bounds: [{ ...bounds[0], value: '1043' }] }],
      [{ ...orders(w, 'orders.read'), bounds }, orders(w, 'orders.list')],
    ]) {
      const error = await failure(parent.child({ agent: helper.id, details, purpose: 'help' }))
      assertDenied(error, 'task.beyond_parent')
    }
    await using child = await childOf(w, parent, helper, [{ ...orders(w, 'orders.read'), bounds }])
    assert.equal((await child.fetch(`${w.orders}/orders/1042`)).status, 200)
  })

  it('has a ticket that is good once, for one agent, for a minute', async () => {
    const w = world()
    const helper = await addAgent(w, 'helper-three', 'ada')
    const thief = await addAgent(w, 'thief', 'ada')
    await using parent = await sdkTask(w, wide(w))
    const wish = { agent: helper.id, details: [orders(w, 'orders.read')], purpose: 'help' }
    const ticket = await parent.child(wish)
    const redeem = (agent: TestAgent) =>
      redeemTicket({ issuer: w.issuer, agent: identity(agent), ticket, now: () => w.clock.now() })
    assertDenied(await failure(redeem(thief)), 'ticket.wrong_agent')
    await using child = await redeem(helper)
    assert.match(child.id, /^tsk_/)
    assertDenied(await failure(redeem(helper)), 'ticket.replayed')
    const late = await parent.child(wish)
    w.clock.advance(61_000)
    const again = { issuer: w.issuer, agent: identity(helper), ticket: late }
    assertDenied(await failure(redeemTicket({ ...again, now: w.clock.now })), 'token.expired')
  })
})

inOneWorld('a task of the SDK with no person present', (world) => {
  it('stands on a sponsor grant, and falls with it', async () => {
    const w = world()
    const bot = await addAgent(w, 'night-bot', 'sam')
    const sam = await w.api('sam')
    const granted = await sam.send('POST', '/sponsor-grants', {
      agent: bot.id,
      purpose: 'nightly look at the orders',
      details: [orders(w, 'orders.read')],
      rate: { tasks: 10, seconds: 3600 },
      expires_at: new Date(w.clock.now() + 86_400_000).toISOString(),
    })
    assert.equal(granted.status, 200, granted.text)
    const sponsorGrant = String(granted.body.id)
    const alone = { issuer: w.issuer, agent: identity(bot), sponsorGrant }
    await using task = await openTask({ ...alone, now: () => w.clock.now() })
    assert.deepEqual(task.details, [orders(w, 'orders.read')])
    const other = await failure(openTask({ ...alone, purpose: 'something else' }))
    assert.ok(other instanceof Denied, String(other))
    assert.equal((await sam.send('POST', `/sponsor-grants/${sponsorGrant}/end`)).status, 200)
    assertDenied(await failure(task.fetch(`${w.orders}/orders/1042`)), 'task.closed')
    const late = await failure(openTask({ ...alone, now: () => w.clock.now() }))
    assertDenied(late, 'sponsor_grant.not_in_force')
  })
})

inOneWorld('a server that is not there', (world) => {
  it('is a failure that had no effect', async () => {
    const w = world()
    const issuer = 'http://127.0.0.1:9'
    const error = await failure(sdkTask(w, { issuer }))
    assert.ok(error instanceof CallFailed, String(error))
    assert.deepEqual([error.code, error.effect], ['server.unreachable', 'none'])
    const wrong = await failure(sdkTask(w, { issuer: w.gateway }))
    assert.ok(wrong instanceof CallFailed, String(wrong))
    assert.deepEqual([wrong.code, wrong.effect], ['server.unreadable', 'none'])
  })
})
