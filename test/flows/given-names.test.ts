import assert from 'node:assert/strict'
import { it } from 'node:test'
import { addAdmissionRule } from '../../src/identity/client-metadata/index.ts'
import { latestSet, publishPolicies } from '../../src/policy/policy/index.ts'
import type { OpenTask } from '../agent.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { Stranger, VERIFIER } from '../mcp/stranger.ts'
import { assertDenied, assertRefused, assertRequestable } from '../refusals.ts'
import { newKey, proof } from '../signing.ts'
import { inEachWorld, type World } from '../world.ts'

const remove = (w: World, task: OpenTask, thing: string, token?: string) =>
  w.agent.call(task, 'DELETE', `/echo/things/${thing}`, token === undefined ? {} : { token })

async function approve(w: World, page: string): Promise<string> {
  const fiona = await w.browser('fiona')
  const shown = await fiona.get(page)
  const answered = await fiona.submit(shown, /^Approve once/)
  assert.equal(answered.status, 200, answered.text)
  return shown.text
}

async function rename(w: World, action: string, name: string) {
  const ada = await w.api('ada')
  const renamed = await ada.send('PUT', `/actions/${action}/name`, { name })
  assert.equal(renamed.status, 200, renamed.text)
  return renamed.body
}

inEachWorld('an action that gets another name', (world) => {
  it('G4: what was allowed goes on, by what was given before: tokens, tasks, consents, approvals', async () => {
    const w = world()
    const task = await w.open()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const approved = assertRequestable(await remove(w, task, 'approved', token))
    await approve(w, approved.page)
    const pending = assertRequestable(await remove(w, task, 'pending', token))
    const renamed = await rename(w, 'echo.delete', 'echo.throw-away')
    assert.deepEqual([renamed.name, renamed.names], ['echo.delete', ['echo.throw-away']])

    assert.equal((await remove(w, task, 'approved', token)).status, 200)
    assert.match(await approve(w, pending.page), /echo\.throw-away/, 'people see the name given')
    await w.restart()
    assert.equal((await remove(w, task, 'pending')).status, 200)
    assertRefused(await remove(w, task, 'pending'), 'approval.executed')
    assertRequestable(await remove(w, task, 'another'))
    const read = await w.agent.call(task, 'GET', '/echo/things/1', { token })
    assert.equal(read.status, 200, read.text)
    assertRequestable(await remove(w, await w.open(), 'by-a-new-task'))
    const records = await w.ledger()
    const told = records.filter(({ type }) => type === 'action.renamed')
    assert.deepEqual(
      told.map(({ action }) => action),
      ['echo.delete'],
    )
  })

  it('G4: what was not allowed does not begin: not by the name given, and not beside it', async () => {
    const w = world()
    await rename(w, 'echo.delete', 'echo.throw-away')
    await rename(w, 'echo.read', 'echo.look')
    const task = await w.open({ scope: 'echo.look' })
    assert.equal((await w.agent.call(task, 'GET', '/echo/things/1')).status, 200)
    assertDenied(await remove(w, task, 'x'), 'task.not_covered')
    assertDenied(await w.agent.call(task, 'GET', '/echo/things?q=a'), 'task.not_covered')
    const shown = await w.agent.about(task, 'GET', '')
    const details = shown.body.details as readonly { actions: readonly string[] }[] // as: the documented shape
    assert.deepEqual(
      details.map(({ actions }) => actions),
      [['echo.read']],
      'stored by its own name',
    )
    // What the agent may never have it has by no name.
    const ada = await w.api('ada')
    const before = (await ada.send('GET', '/agents/refund-bot')).body.ceiling
    const echo = { type: 'remit_call', locations: [`${w.gateway}/echo`], bounds: [] }
    const narrow = { ceiling: [{ ...echo, actions: ['echo.look'] }] }
    const set = await ada.send('PUT', '/agents/refund-bot/limits', narrow)
    assert.equal(set.status, 200, set.text)
    assert.deepEqual(set.body.ceiling, [{ ...echo, actions: ['echo.read'] }])
    const asked = { details: [{ ...echo, actions: ['echo.throw-away'] }] }
    const { body } = await w.agent.ask({ ...asked, subjectToken: await w.idToken() })
    assert.equal(body.error, 'invalid_authorization_details', JSON.stringify(body))
    assert.equal((await w.agent.call(task, 'GET', '/echo/things/1')).status, 200)
    assert.equal(
      (await ada.send('PUT', '/agents/refund-bot/limits', { ceiling: before })).status,
      200,
    )
  })

  it('G4: rules say it by either name, and a forbid by the name given stops calls', async () => {
    const w = world()
    await rename(w, 'echo.read', 'echo.look')
    const { policy } = w.rooms
    const by = (await w.person('ada')).id
    const found = await latestSet(w.rooms.storage.read)
    assert.ok(found)
    const text = `${found.text}\n@id("no-looking")\nforbid (principal, action in Action::"echo.look", resource);\n`
    const task = await w.open()
    await publishPolicies(policy, { text, by, note: 'by the name given' })
    assertDenied(await w.agent.call(task, 'GET', '/echo/things/1'), 'person.not_permitted')
    assert.equal((await w.agent.call(task, 'GET', '/echo/things?q=a')).status, 200)
    await rename(w, 'echo.look', 'echo.peek')
    assertDenied(await w.agent.call(task, 'GET', '/echo/things/1'), 'person.not_permitted')
    await publishPolicies(policy, { text: found.text, by, note: 'as before' })
    assert.equal((await w.agent.call(task, 'GET', '/echo/things/1')).status, 200)
  })

  it('G4: a client that asks by it is answered by the own name, and may refresh by either, and by no other', async () => {
    const w = world()
    await rename(w, 'orders.read', 'orders.look')
    await rename(w, 'orders.refund', 'orders.pay-back')
    const wanted = { scope: 'orders.look', subjectToken: await w.idToken() }
    assert.equal((await w.agent.ask(wanted)).body.scope, 'orders.read')

    const { id } = await w.person('ada')
    const actions = ['orders.read', 'orders.refund']
    await addAdmissionRule(w.rooms.agents, {
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2, ownerId: id, by: id },
      ceiling: [{ type: 'remit_call', locations: [w.orders], actions, bounds: [] }],
    })
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    stranger.verifier = VERIFIER
    const key = await newKey()
    const url = `${w.issuer}/oauth/token`
    const proven = () => proof(w.clock, key, { method: 'POST', url })
    const asked = stranger.asking(w.orders, { scope: 'orders.look', dpop_jkt: key.thumbprint })
    const page = await stranger.ask('sam', asked)
    assert.match(page.text, /Look/i, 'the person sees the name given')
    const back = await stranger.answered(page)
    const { body } = await stranger.redeem(back, w.orders, {}, await proven())
    assert.equal(body.scope, 'orders.read', JSON.stringify(body))
    let refresh_token = String(body.refresh_token)
    for (const scope of ['orders.look', 'orders.read']) {
      const next = await stranger.refresh({ refresh_token, scope }, await proven())
      assert.equal(next.body.scope, 'orders.read', JSON.stringify(next.body))
      refresh_token = String(next.body.refresh_token)
    }
    const more = await stranger.refresh({ refresh_token, scope: 'orders.pay-back' }, await proven())
    assert.equal(more.body.error, 'invalid_scope', JSON.stringify(more.body))
  })

  it('G4: a budget counts calls by it, and an enforcement point may ask by it', async () => {
    const w = world()
    const budget = JSON.stringify([{ limit: 'calls', action: 'orders.look', max: 1 }])
    const key = await newKey()
    const wish = { details: w.everything, subjectToken: await w.idToken(), key }
    const { body } = await w.agent.ask(wish, { form: { budget } })
    const counted = { id: String(body.task_id), token: String(body.access_token), key }
    const read = () => w.agent.call(counted, 'GET', '/orders/orders/1042')
    assert.equal((await read()).status, 200)
    assertDenied(await read(), 'budget.exhausted')
    const pep = await Pep.add(w, 'edge')
    const task = await w.open()
    const token = await w.agent.token(task, w.orders)
    const subject = { type: 'user', id: (await w.person('sam')).id }
    const answer = async (action: string, method: string, path: string) => {
      const at = w.orders + path
      const dpop = await w.agent.proof(task.key, { method, url: at, token })
      const context = { task: task.id, access_token: token, dpop, method, url: at }
      const resource = { type: 'resource', id: 'orders' }
      const args = { order_id: '1042' }
      const asked = { subject, action: { name: action }, resource, context: { args, ...context } }
      return (await pep.evaluate(asked)).body
    }
    for (const name of ['orders.read', 'orders.look'])
      assert.equal((await answer(name, 'GET', '/orders/1042')).decision, true, name)
    assert.equal((await answer('orders.glance', 'GET', '/orders/1042')).decision, false)
  })
})
