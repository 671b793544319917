import assert from 'node:assert/strict'
import { it } from 'node:test'
import { Value } from 'typebox/value'
import { addAgent, askAlone, orders, spawn } from '../../../../test/delegation.ts'
import { assertNoToken, assertRefused } from '../../../../test/refusals.ts'
import { inEachWorld, type PersonName, type World } from '../../../../test/world.ts'
import { OPERATIONS } from '../../../programs/every-operation.ts'

inEachWorld('what people see and end of work that was delegated', (world) => {
  const terms = (w: World, agent: string) => ({
    agent,
    purpose: 'nightly list of orders',
    details: [orders(w, 'orders.list')],
    rate: { tasks: 10, seconds: 3600 },
    expires_at: '2027-06-01T00:00:00Z',
  })
  const give = async (w: World, name: PersonName, agent: string, over: object = {}) =>
    (await w.api(name)).send('POST', '/sponsor-grants', { ...terms(w, agent), ...over })

  it('a sponsor grant is for its sponsor, the owner of the agent and administrators; to others it does not exist', async () => {
    const w = world()
    const bot = await addAgent(w, 'night-one', 'sam')
    const given = await give(w, 'ada', bot.id)
    assert.equal(given.status, 200, given.text)
    const id = String(given.body.id)
    const path = `/sponsor-grants/${id}`
    for (const [name, theirs] of [
      ['sam', true],
      ['ada', true],
      ['fiona', false],
      ['nils', false],
    ] as const) {
      const api = await w.api(name)
      const listed = await api.send('GET', '/sponsor-grants?limit=200')
      assert.equal(listed.text.includes(id), theirs, name)
      const shown = await api.send('GET', path)
      assert.equal(shown.status, theirs ? 200 : 404, name)
      if (theirs) continue
      assertRefused(shown, 'sponsor_grant.unknown', name)
      assertRefused(await api.send('POST', `${path}/end`), 'sponsor_grant.unknown', name)
      const unknown = await api.send('POST', '/sponsor-grants/spg_nothing/end')
      assert.equal(unknown.status, 404)
    }
    assert.equal((await askAlone(bot, id)).status, 200, 'nobody ended it')
    const ended = await (await w.api('sam')).send('POST', `${path}/end`)
    assert.equal(ended.status, 200, 'the owner of the agent ends what is done with it')
    assertNoToken(
      await askAlone(bot, id),
      'invalid_grant',
      'sponsor_grant.not_in_force',
      'after the end',
    )
  })

  it('it says what it permits, how often it was used, and when next', async () => {
    const w = world()
    const bot = await addAgent(w, 'night-two', 'sam')
    const given = await give(w, 'sam', bot.id, { rate: { tasks: 1, seconds: 3600 } })
    const sam = await w.api('sam')
    const show = () => sam.send('GET', `/sponsor-grants/${given.body.id}`)
    const schema = OPERATIONS.find(({ id }) => id === 'sponsorships.show')?.answer
    assert.ok(schema)
    const before = await show()
    assert.deepEqual(Value.Errors(schema, before.body), [])
    const { next_opening_at: _, ...rest } = given.body
    assert.deepEqual({ ...before.body, ...rest }, before.body, 'as it was answered at first')
    assert.deepEqual(
      [before.body.sponsor_name, before.body.opened, before.body.last_opened_at],
      ['Sam Support', 0, null],
    )
    const opened = await askAlone(bot)
    assert.equal(opened.status, 200, opened.text)
    const after = await show()
    const last = Date.parse(String(after.body.last_opened_at))
    assert.equal(after.body.opened, 1)
    assert.equal(Date.parse(String(after.body.next_opening_at)), last + 3600_000)
    await sam.send('POST', `/sponsor-grants/${given.body.id}/end`)
    const over = await show()
    assert.deepEqual([over.body.in_force, over.body.next_opening_at], [false, null])
    const task = await sam.send('GET', `/tasks/${opened.body.task_id}`)
    assert.deepEqual(
      [task.body.state, task.body.close_reason, task.body.sponsor_grant],
      ['closed', 'sponsor_grant.ended', given.body.id],
    )
  })

  it('an administrator ends anyone’s, and grants in no name but their own', async () => {
    const w = world()
    const bot = await addAgent(w, 'night-three', 'sam')
    const [sam, ada] = [await w.person('sam'), await w.person('ada')]
    for (const member of ['sponsor', 'person', 'personId', 'sponsor_id'])
      assertRefused(await give(w, 'ada', bot.id, { [member]: sam.id }), 'request.malformed')
    const own = await give(w, 'ada', bot.id)
    assert.equal(own.body.sponsor, ada.id)
    const his = await give(w, 'sam', bot.id)
    assert.equal(his.body.sponsor, sam.id)
    const admin = await w.api('ada')
    assert.equal((await admin.send('POST', `/sponsor-grants/${his.body.id}/end`)).status, 200)
    const records = await w.ledger()
    const ended = records.find(
      ({ facts, type }) =>
        type === 'sponsor_grant.ended' &&
        (facts as { sponsor_grant?: string }).sponsor_grant === his.body.id, // as: facts are an object
    )
    assert.deepEqual([ended?.by, ended?.person], [ada.id, sam.id])
  })

  it('nobody sponsors an agent that they do not answer for', async () => {
    const w = world()
    const bot = await addAgent(w, 'night-four', 'ada')
    for (const name of ['sam', 'nils'] as const)
      assertRefused(await give(w, name, bot.id), 'sponsor_grant.not_permitted', name)
    const all = await (await w.api('ada')).send('GET', `/sponsor-grants?agent=${bot.id}`)
    assert.deepEqual(all.body.sponsor_grants, [])
  })

  it('a tree is whole to the person and to administrators; an owner sees their agent’s task and what is below', async () => {
    const w = world()
    const helper = await addAgent(w, 'helper-one', 'nils')
    const deep = await addAgent(w, 'deep-one', 'fiona')
    const root = await w.open()
    const limit = { limit: 'calls', max: 3 }
    const child = await spawn(w, [w.agent, root], helper)
    const leaf = await spawn(w, [helper, child], deep)
    const beside = await spawn(w, [w.agent, root], w.agent, { budget: [limit] })
    const called = await w.agent.call(beside, 'GET', '/orders/orders/1042')
    assert.equal(called.status, 200, called.text)
    const schema = OPERATIONS.find(({ id }) => id === 'tasks.tree')?.answer
    assert.ok(schema)
    const idsOf = (body: Record<string, unknown>) =>
      (body.tasks as { id: string }[]).map(({ id }) => id) // as: checked against the schema
    for (const name of ['sam', 'ada'] as const)
      for (const task of [root, child, leaf]) {
        const { body } = await (await w.api(name)).send('GET', `/tasks/${task.id}/tree`)
        assert.deepEqual(Value.Errors(schema, body), [])
        const ids = idsOf(body)
        assert.deepEqual(
          [ids[0], ids.toSorted()],
          [root.id, [root, child, leaf, beside].map(({ id }) => id).toSorted()],
        )
        const limits = (body.tasks as { id: string; budget: unknown[] }[]).map(
          ({ budget, id: of }) => [of === beside.id, budget], // as: checked against the schema
        )
        const used = { name: 'calls', kind: 'calls', most: '3', used: '1', left: '2' }
        for (const [limited, budget] of limits) assert.deepEqual(budget, limited ? [used] : [])
      }
    const owner = await w.api('nils')
    const part = await owner.send('GET', `/tasks/${child.id}/tree`)
    assert.deepEqual(idsOf(part.body), [child.id, leaf.id])
    for (const task of [root, beside])
      assertRefused(await owner.send('GET', `/tasks/${task.id}/tree`), 'task.unknown')
    await (await w.api('sam')).send('POST', `/tasks/${child.id}/close`, {})
    const closed = await owner.send('GET', `/tasks/${child.id}/tree`)
    assert.deepEqual(idsOf(closed.body), [child.id])
  })

  it('a consent is ended by its person, an administrator’s grant by administrators; to others neither exists', async () => {
    const w = world()
    const bot = await addAgent(w, 'based-bot', 'ada')
    const [ada, sam, nils] = [await w.api('ada'), await w.api('sam'), await w.api('nils')]
    const { id: person } = await w.person('sam')
    const details = [orders(w, 'orders.read')]
    const granted = await ada.send('POST', '/bases', { agent: bot.id, person, details })
    await w.allow('sam', bot.id)
    const { body } = await sam.send('GET', '/bases')
    const bases = body.bases as { agent: string; id: string; kind: string }[] // as: documented
    const consent = bases.find(({ agent, kind }) => agent === bot.id && kind === 'consent')
    assert.ok(consent)
    for (const id of [consent.id, granted.body.id])
      assertRefused(await nils.send('POST', `/bases/${id}/end`), 'basis.unknown')
    assertRefused(await sam.send('POST', `/bases/${granted.body.id}/end`), 'basis.unknown')
    assert.equal((await sam.send('POST', `/bases/${consent.id}/end`)).status, 200)
    assert.equal((await ada.send('POST', `/bases/${granted.body.id}/end`)).status, 200)
    const left = await sam.send('GET', '/bases')
    assert.ok(!left.text.includes(bot.id), left.text)
  })
})
