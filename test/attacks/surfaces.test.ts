import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertDenied, assertNoToken, assertRefused } from '../refusals.ts'
import { newKey } from '../signing.ts'
import { type Answer, send } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

/** A thread as its surface states it. */
interface ThreadStatement {
  readonly version: number
  readonly participants: readonly object[]
  readonly [more: string]: unknown
}

inEachWorld('who asks and who is there, on the wire', (world) => {
  let secret = ''
  let sam = ''
  let finn = ''

  async function state(
    said: unknown,
    over: { at?: string; secret?: string } = {},
  ): Promise<Answer> {
    const { at = 'desk/threads/t1' } = over
    return send(`${world().issuer}/v1/spaces/${at}`, {
      method: 'PUT',
      headers: [
        ['Authorization', `Bearer ${over.secret ?? secret}`],
        ['Content-Type', 'application/json'],
      ],
      body: typeof said === 'string' ? said : JSON.stringify(said),
    })
  }

  const thread = (said: ThreadStatement) => ({
    requester: { issuer: world().provider, subject: 'sam' },
    agents: ['refund-bot'],
    ...said,
  })

  async function admin(w: World, method: 'POST' | 'PUT', path: string, body: object) {
    const answer = await (await w.api('ada')).send(method, path, body)
    assert.equal(answer.status, 200, answer.text)
    return answer.body
  }

  it('an administrator makes spaces and a surface, and its secret is shown once', async () => {
    const w = world()
    sam = (await w.person('sam')).id
    finn = (await w.person('fiona')).id
    const people = [`person:${sam}`]
    await admin(w, 'POST', '/spaces', {
      ...{ name: 'acme', kind: 'organization', people, agents: ['refund-bot'] },
    })
    await admin(w, 'POST', '/spaces', {
      ...{ name: 'desk', kind: 'workspace', parent: 'acme', mode: 'intersection' },
    })
    const added = await admin(w, 'POST', '/clients', {
      ...{ id: 'chat', kind: 'surface', settings: { space: 'desk' } },
    })
    secret = String(added.secret)
    assert.match(secret, /^srf_[A-Za-z0-9_-]{43}$/)
    const shown = await (await w.api('ada')).send('GET', '/clients?target=desk')
    assert.ok(!shown.text.includes(secret))
    for (const name of ['sam', 'fiona'] as const) {
      assertRefused(await (await w.api(name)).send('GET', '/spaces/desk'), 'api.not_permitted')
    }
  })

  it('a task in the thread is decided by who is there', async () => {
    const w = world()
    const subjectToken = () => w.idToken('sam')
    const wish = { details: w.everything }
    const alone = await state(thread({ version: 1, participants: [] }))
    assert.deepEqual([alone.status, alone.body.participants, alone.body.strangers], [200, [sam], 0])
    const ask = async (form: Record<string, string>) =>
      w.agent.ask({ ...wish, subjectToken: await subjectToken() }, { form })
    assertNoToken(await ask({ space: 'desk' }), 'invalid_grant', 'space.no_source')
    assertNoToken(await ask({ space: 'nowhere' }), 'invalid_grant', 'space.not_open')
    assertNoToken(await ask({ space: 'desk', thread: 'x' }), 'invalid_grant', 'thread.unknown')
    const opened = await ask({ space: 'desk', thread: 't1' })
    assert.equal(opened.status, 200, opened.text)
  })

  it('with a stranger, or somebody who may not, nothing is called; without them it is', async () => {
    const w = world()
    const own = await newKey()
    const answer = await w.agent.ask(
      { details: w.everything, key: own, subjectToken: await w.idToken('sam') },
      { form: { space: 'desk', thread: 't1' } },
    )
    assert.equal(answer.status, 200, answer.text)
    const task = {
      id: String(answer.body.task_id),
      token: String(answer.body.access_token),
      key: own,
    }
    const token = await w.agent.token(task, w.orders)
    const read = () => w.agent.call(task, 'GET', '/orders/orders/1042', { token })
    assert.equal((await read()).status, 200)
    assert.equal((await state(thread({ version: 2, participants: [], others: 1 }))).status, 200)
    assertDenied(await read(), 'thread.strangers')
    assert.equal((await state(thread({ version: 3, participants: [{ id: finn }] }))).status, 200)
    assertDenied(await read(), 'person.not_permitted')
    assert.equal((await state(thread({ version: 4, participants: [] }))).status, 200)
    assert.equal((await read()).status, 200)
    const late = await state(thread({ version: 3, participants: [] }))
    assertRefused(late, 'thread.overtaken')
    assert.equal(late.body.version, 4)
    // Who asked is kept, so that they do not approve it later.
    const at = 'desk/threads/kept'
    for (const [version, id] of [sam, finn, sam].entries()) {
      const stated = thread({ version: version + 1, requester: { id }, participants: [] })
      assert.equal((await state(stated, { at })).status, 200)
    }
    const { read: db } = w.rooms.storage
    const asked = await db.selectFrom('thread_requesters').selectAll().execute()
    const until = (id: string) => asked.find(({ person_id }) => person_id === id)?.until
    assert.equal(until(sam), null)
    assert.ok(Number(until(finn)) > 0)
  })

  it('nobody else states anything: no agent, no person, no enforcement point, no guess', async () => {
    const w = world()
    const said = thread({ version: 90, participants: [] })
    const task = await w.open()
    for (const not of [
      '',
      'srf_',
      `srf_${'A'.repeat(43)}`,
      task.token,
      (await w.api('ada')).token,
      await w.idToken('sam'),
      `${secret}A`,
    ])
      assertRefused(await state(said, { secret: not }), 'client.unauthenticated')
    const { secret: other } = await admin(w, 'POST', '/clients', {
      ...{ id: 'intranet', kind: 'surface', settings: { space: 'acme' } },
    })
    assertRefused(await state(said, { secret: String(other) }), 'thread.not_yours')
    assertRefused(await state(said, { at: 'acme/threads/t1' }), 'space.unknown')
  })

  it('what is malformed is refused and changes nothing', async () => {
    const many = Array.from({ length: 201 }, () => ({ id: finn }))
    for (const said of [
      '',
      '[]',
      '{"version":99',
      '{"version":99,"version":100,"participants":[],"agents":[]}',
      { version: 99, agents: [] },
      { version: -1, participants: [], agents: [] },
      { version: 99.5, participants: [], agents: [] },
      { version: '99', participants: [], agents: [] },
      { version: 99, participants: [{}], agents: [] },
      { version: 99, participants: [{ id: finn, subject: 'x' }], agents: [] },
      { version: 99, participants: many, agents: [] },
      { version: 99, participants: [], agents: ['Not A Name'] },
      { version: 99, participants: [], agents: [], mode: 'agent' },
    ]) {
      const { status, text } = await state(said)
      assert.ok(status >= 400 && status < 500, `${status} ${text} for ${JSON.stringify(said)}`)
    }
    const again = await state(thread({ version: 4, participants: [] }))
    assert.deepEqual([again.status, again.body.version], [200, 4])
  })
})
