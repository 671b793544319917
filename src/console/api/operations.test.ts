import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { Value } from 'typebox/value'
import { assertRefused } from '../../../test/refusals.ts'
import { type Answer, send } from '../../../test/wire.ts'
import { Api, inEachWorld, type PersonName, type World } from '../../../test/world.ts'
import { openSession } from '../../identity/sessions/index.ts'
import { OPERATIONS } from '../../programs/every-operation.ts'
import { API_PREFIX, type Operation } from './index.ts'
import { OF_TASKS } from './tasks/task-operations.ts'

/** A member whose name is not snake_case. */
const CAMEL = /"[a-z]+[A-Z]\w*":/

/** Builds the path that a stranger would try: names and ids of nothing that exists. */
function pathOf({ path }: Operation<never>): string {
  return path
    .replace(':name', 'nothing')
    .replace(':id', 'nothing')
    .replace(':version', '999')
    .replace(':thumbprint', 'x'.repeat(43))
    .replace(':action', 'nothing.at-all')
}

function attempt(api: Api, operation: Operation<never>): Promise<Answer> {
  const body = operation.method === 'GET' ? undefined : { unexpected: true }
  return api.send(operation.method, `${pathOf(operation)}?unexpected=1`, body)
}

/** A session of the browser, which is for pages only. */
async function browserSession(w: World, name: PersonName): Promise<Api> {
  const { id } = await w.person(name)
  const opened = { personId: id, kind: 'browser', authTime: w.clock.now() } as const
  const { token } = await openSession(w.rooms.people, opened)
  return new Api(w.issuer + API_PREFIX, token.reveal())
}

describe('the table of operations', () => {
  it('names every operation once, on a path of its own, with words for it', () => {
    assert.equal(new Set(OPERATIONS.map(({ id }) => id)).size, OPERATIONS.length)
    const places = OPERATIONS.map(
      ({ method, path }) => `${method} ${path.replaceAll(/:\w+/g, ':')}`,
    )
    assert.equal(new Set(places).size, OPERATIONS.length)
    for (const { id, says } of OPERATIONS) {
      assert.match(id, /^[a-z]+\.[a-z_]+$/)
      assert.match(says, /^[A-Z].*\.$/s, id)
    }
  })

  it('widens access only for administrators or the person concerned', () => {
    const personal = OPERATIONS.filter(({ who, widens }) => widens && who !== 'administrator')
    assert.deepEqual(
      personal.map(({ id }) => id),
      [
        'agents.recertify',
        'tasks.resume',
        'requests.approve',
        'breakglass.open',
        'channels.add',
        'standins.add',
        'sponsorships.grant',
      ],
    )
    assert.deepEqual(
      OPERATIONS.filter(({ who }) => who === 'anyone').map(({ id }) => id),
      ['session.open'],
    )
  })
})

inEachWorld('who may call what', (world) => {
  for (const operation of OPERATIONS) {
    it(`${operation.id} is for: ${operation.who}`, async () => {
      const w = world()
      const session = operation.who !== 'anyone'
      for (const api of [
        new Api(w.issuer + API_PREFIX, ''),
        new Api(w.issuer + API_PREFIX, 'x'.repeat(43)),
        await browserSession(w, 'ada'),
      ]) {
        const answer = await attempt(api, operation)
        if (session) assertRefused(answer, 'session.required', operation.id)
        else assertRefused(answer, 'request.malformed', operation.id)
      }
      const cookie = await send(w.issuer + API_PREFIX + pathOf(operation), {
        method: operation.method,
        headers: [['Cookie', `remit_session=${(await browserSession(w, 'ada')).token}`]],
      })
      if (session) assertRefused(cookie, 'session.required', operation.id)
      if (!session) return
      const nils = await attempt(await w.api('nils'), operation)
      const code = operation.who === 'administrator' ? 'api.not_permitted' : 'request.malformed'
      assertRefused(nils, code, operation.id)
      const ada = await attempt(await w.api('ada'), operation)
      assertRefused(ada, 'request.malformed', 'what no operation knows is refused')
    })
  }

  it('a body where none is asked for is refused', async () => {
    const ada = await world().api('ada')
    const without = OPERATIONS.filter(({ body, method }) => body === undefined && method !== 'GET')
    assert.ok(without.length >= 4)
    for (const each of without)
      for (const body of [{ unexpected: true }, [1], 'text', 1]) {
        const sent = await ada.send(each.method, pathOf(each), JSON.stringify(body))
        assertRefused(sent, 'request.malformed', each.id)
        assert.match(String(sent.body.detail), /takes no body/, each.id)
      }
  })

  it('there is no other route below the prefix', async () => {
    const ada = await world().api('ada')
    const paths = new Set(OPERATIONS.map(({ path }) => path))
    for (const path of [...paths, '/', '/nothing', '/tasks/x/approve'])
      for (const method of ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']) {
        if (OPERATIONS.some((each) => each.method === method && each.path === path)) continue
        const real = path.replaceAll(/:\w+/g, 'nothing')
        const answer = await ada.send(method, real)
        // A path with a parameter may stand for another's fixed one.
        if (answer.status !== 404) {
          assert.ok(
            OPERATIONS.some((each) => matches(each, method, real)),
            `${method} ${real}`,
          )
        }
      }
  })

  it('what everyone may read has the shape that is documented', async () => {
    const w = world()
    const task = await w.open()
    await w.agent.call(task, 'GET', '/orders/orders/1042')
    const read = OPERATIONS.filter(
      ({ id, method, path }) => method === 'GET' && !path.includes(':') && id !== 'ledger.export',
    )
    assert.ok(read.length > 10)
    for (const name of ['ada', 'sam'] as const)
      for (const { answer: schema, id, path, who } of read) {
        if (name === 'sam' && who === 'administrator') continue
        const answer = await (await w.api(name)).send('GET', path)
        assert.equal(answer.status, 200, answer.text)
        assert.deepEqual(Value.Errors(schema, answer.body), [], id)
      }
  })

  it('names of people are told beside their ids', async () => {
    const ada = await world().api('ada')
    const agent = await ada.send('GET', '/agents/refund-bot')
    assert.match(agent.text, /"owner":"psn_[^"]+","owner_name":"Ada Admin"/)
    const policies = await ada.send('GET', '/policies/active')
    assert.match(policies.text, /"published_by_name":"Ada Admin"/)
  })

  it('a person sees their own only; an administrator all of it', async () => {
    const w = world()
    const task = await w.open()
    const call = await w.agent.call(task, 'GET', '/orders/orders/1042')
    const decision = String(call.headers['remit-decision'])
    for (const [name, mine] of [
      ['sam', true],
      ['ada', true],
      ['nils', false],
    ] as const) {
      const api = await w.api(name)
      assert.equal((await api.send('GET', `/tasks/${task.id}`)).status, mine ? 200 : 404, name)
      assert.equal((await api.send('GET', `/decisions/${decision}`)).status, mine ? 200 : 404, name)
      const listed = await api.send('GET', '/tasks?limit=200')
      assert.equal(listed.text.includes(task.id), mine, name)
      assert.equal((await api.send('GET', '/decisions')).text.includes(decision), mine, name)
    }
    const nils = await w.api('nils')
    for (const act of ['close', 'suspend', 'resume'])
      assertRefused(await nils.send('POST', `/tasks/${task.id}/${act}`, {}), 'task.unknown', act)
    const schema = OPERATIONS.find(({ id }) => id === 'decisions.explain')?.answer
    assert.ok(schema)
    const explained = await (await w.api('sam')).send('GET', `/decisions/${decision}`)
    assert.deepEqual(Value.Errors(schema, explained.body), [])
    assert.match(explained.text, /"at":"\d{4}-\d\d-\d\dT/)
    assert.ok(!explained.text.includes('permit ('), 'no policy text for people')
    assert.ok(!/call_hash|replica|person_name/.test(explained.text), 'nor what operators need')
    const whole = await (await w.api('ada')).send('GET', `/decisions/${decision}`)
    assert.deepEqual(Value.Errors(schema, whole.body), [])
    assert.match(whole.text, /permit \(/)
    assert.match(whole.text, /"person_name":"Sam Support"/)
    assert.doesNotMatch(whole.text.replaceAll(/"(?:text|detail)":"(?:\\.|[^"])*"/g, ''), CAMEL)
  })

  it('the answers about a task itself have the shape that is documented', async () => {
    const w = world()
    const task = await w.open()
    for (const { answer: schema, id, method, path } of OF_TASKS) {
      if (path !== '') continue
      const answer = await w.agent.about(task, method, path)
      assert.equal(answer.status, 200, answer.text)
      assert.deepEqual(Value.Errors(schema, answer.body), [], id)
    }
  })

  it('numbers and texts that cannot be what they are given for: typed refusals', async () => {
    const ada = await world().api('ada')
    for (const [body, code] of [
      ['{"name":"x-bot","description":"","trust":1e400,"ceiling":[]}', 'input.malformed'],
      ['{"name":"x-bot","description":"","trust":1.5,"ceiling":[]}', 'request.malformed'],
      ['{"name":"x-bot","description":"","trust":"1","ceiling":[]}', 'request.malformed'],
      ['{"name":"X","description":"","trust":1,"ceiling":[]}', 'request.malformed'],
      ['{"name":"__proto__","description":"","trust":1,"ceiling":[]}', 'request.malformed'],
      [
        '{"name":"x-bot","name":"y-bot","description":"","trust":1,"ceiling":[]}',
        'input.duplicate_key',
      ],
      ['{"__proto__":{"trust":3}}', 'input.forbidden_key'],
      ['{"constructor":{"prototype":{}}}', 'request.malformed'],
      ['[]', 'request.malformed'],
      ['', 'input.malformed'],
      ['{"name":"\\ud800"}', 'input.malformed'],
      [`{"a":${'['.repeat(65)}${']'.repeat(65)}}`, 'input.too_deep'],
      [`{"description":"${'a'.repeat(1_100_000)}"}`, 'input.too_large'],
    ] as const)
      assertRefused(await ada.send('POST', '/agents', body), code, body.slice(0, 60))
    for (const query of [
      '?limit=0',
      '?limit=x',
      '?limit=1&limit=2',
      '?state=gone',
      '?%00',
      '?a=%ff',
    ])
      assertRefused(await ada.send('GET', `/tasks${query}`), 'request.malformed', query)
  })
})

function matches(operation: Operation<never>, method: string, path: string): boolean {
  const pattern = operation.path.replaceAll(/:\w+/g, '[^/]+')
  return operation.method === method && new RegExp(`^${pattern}$`).test(path)
}
