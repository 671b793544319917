import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, before, it } from 'node:test'
import { answer as mcpAnswer } from '../../src/platform/net/mcp/testing.ts'
import { publishPolicies } from '../../src/policy/policy/index.ts'
import type { OpenTask } from '../agent.ts'
import { Place, rpcOf, wordsOf } from '../mcp/place.ts'
import { on, serveNotes } from '../mcp/scripted.ts'
import { assertDenied, assertRefused } from '../refusals.ts'
import { decode, newKey } from '../signing.ts'
import type { Answer } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

/** The rule that lets people use the echo API says besides what it obliges to. */
async function oblige(w: World, annotation: string): Promise<void> {
  const set = await w.rooms.policies.active()
  const { text } = await w.rooms.policies.version(set.version)
  const plain = text.replace(/@id\("support-echo"\).*?permit/s, '@id("support-echo") permit')
  const { id: by } = await w.person('ada')
  await publishPolicies(w.rooms.policy, {
    text: plain.replace('@id("support-echo")', `@id("support-echo") ${annotation}`),
    by,
    note: 'for tests',
  })
}

const json = (text: string, over: Record<string, string> = {}) =>
  ((_: IncomingMessage, reply: ServerResponse) =>
    reply.writeHead(200, { 'content-type': 'application/json', etag: '"1"', ...over }).end(text)) as
    // as: what it returns is nobody's business
    NonNullable<World['echo']['answer']>

inEachWorld('what a permit obliges to, over HTTP', (world) => {
  let task: OpenTask

  async function read(headers: readonly (readonly [string, string])[] = []): Promise<Answer> {
    return world().agent.call(task, 'GET', '/echo/things/1', { headers })
  }

  it('what is redacted, hashed and cut is not told; numbers stay as they were written', async () => {
    const w = world()
    task = await w.open()
    await oblige(w, '@redact("/card/number /people/email") @hash("/id") @cap("/rows 2")')
    w.echo.forget()
    w.echo.answer = json(
      '{"id":7,"card":{"number":"4111 1111"},"people":[{"email":"a@b.example"}],"rows":[1.10,2,3],"n":1e2}',
      {
        'content-type': 'application/json; profile="a@b.example"',
        'content-disposition': 'attachment; filename="a@b.example.json"',
        'preference-applied': 'for="a@b.example"',
        link: '<https://crm.example/a@b.example>; rel="self"',
      },
    )
    const answer = await read()
    assert.equal(answer.status, 200)
    assert.match(
      answer.text,
      /^\{"id":"hmac-sha256:[\w-]{43}","card":\{"number":"\[redacted\]"\},"people":\[\{"email":"\[redacted\]"\}\],"rows":\[1\.10,2\],"n":1e2\}$/,
    )
    assert.equal(answer.headers['content-length'], String(Buffer.byteLength(answer.text)))
    assert.equal(answer.headers.etag, undefined, 'it is of another text')
    assert.ok(!JSON.stringify(answer.headers).includes('a@b.example'), 'nor do headers tell it')
    assert.equal(answer.headers['content-type'], 'application/json')
    assert.equal((await read()).text, answer.text, 'the same value, the same digest')
    w.echo.answer = (_, reply) => reply.writeHead(204).end()
    assert.equal((await read()).status, 204)
  })

  it('an answer that cannot be made that is withheld whole, and on record as answered', async () => {
    const w = world()
    const secret = 'a@b.example'
    const bodies: Record<string, NonNullable<World['echo']['answer']>> = {
      'a stream of events': (_, reply) => {
        reply.writeHead(200, { 'content-type': 'text/event-stream' })
        reply.end(`data: {"email":"${secret}"}\n\n`)
      },
      'a page': (_, reply) => {
        reply.writeHead(200, { 'content-type': 'text/html' }).end(secret)
      },
      'half of it': json(`{"email":"${secret}"`),
      'one name twice': json(`{"email":1,"email":"${secret}"}`),
      'what is to be cut is no list': json(`{"rows":{"0":"${secret}"}}`),
      'more than is read': json(`{"email":"${secret}","pad":"${'x'.repeat(1_100_000)}"}`),
    }
    for (const [name, body] of Object.entries(bodies)) {
      w.echo.answer = body
      const answer = await read()
      assertRefused(answer, 'obligation.failed', name)
      assert.ok(!answer.text.includes(secret), name)
      const id = String(answer.body.decision_id)
      const { body: told } = await (await w.api('ada')).send('GET', `/decisions/${id}`)
      assert.deepEqual([told.state, told.status], ['answered', 200], name)
    }
  })

  it('nothing is sent for a caller who takes no JSON, or for what nobody here knows', async () => {
    const w = world()
    w.echo.forget()
    assertDenied(await read([['Accept', 'text/event-stream']]), 'obligation.unknown')
    await oblige(w, '@obligation("urn:example:watermark in the corner")')
    assertDenied(await read(), 'obligation.unknown')
    assert.equal(w.echo.reached.length, 0)
    await oblige(w, '')
    assert.equal((await read([['Accept', 'text/event-stream']])).status, 200)
  })

  it('a sign-in that is too old or too weak is asked for anew, as RFC 9470 has it', async () => {
    const w = world()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    await oblige(w, '@step_up("mfa max_age=PT10M")')
    w.echo.forget()
    const answer = await w.agent.call(task, 'GET', '/echo/things/1', { token })
    assertDenied(answer, 'step_up.required')
    const asked = String(answer.headers['www-authenticate'])
    assert.match(asked, /error="insufficient_user_authentication"/)
    assert.match(asked, /acr_values="mfa", max_age="600"/)
    assert.equal(w.echo.reached.length, 0)
    await oblige(w, '@step_up("max_age=PT2M")')
    // The sample provider says when people signed in; a task begun with that counts until then.
    const key = await newKey()
    const fresh = await w.open({ key })
    const { auth_time } = decode(fresh.token).claims
    assert.ok(Math.abs(Number(auth_time) * 1000 - w.clock.now()) < 60_000, String(auth_time))
    const at = decode(await w.agent.token(fresh, `${w.gateway}/echo`)).claims
    assert.equal(at.auth_time, auth_time)
    const shown = await w.agent.token(fresh, `${w.gateway}/echo`)
    const call = () => w.agent.call(fresh, 'GET', '/echo/things/1', { token: shown })
    assert.equal((await call()).status, 200)
    w.clock.advance(3 * 60_000)
    assertDenied(await call(), 'step_up.required')
    await oblige(w, '')
  })
})

inEachWorld('what a permit obliges to, at MCP servers', (world) => {
  let notes: Awaited<ReturnType<typeof serveNotes>>
  let place: Place

  before(async () => {
    notes = await serveNotes()
    place = await Place.add(world(), { name: 'notes', url: notes.url })
    const { rooms } = world()
    const set = await rooms.policies.active()
    const { text } = await rooms.policies.version(set.version)
    const { id: by } = await world().person('ada')
    await publishPolicies(rooms.policy, {
      text: `${text}\n@id("careful") @redact("/email") permit (principal, action, resource == Resource::"notes");`,
      by,
      note: 'for tests',
    })
  })
  after(() => notes.close())

  it('results are told as policies say, or not at all', async () => {
    const session = await place.session(await place.open())
    const play = (result: object) =>
      notes.play(on('tools/call', ({ message }, reply) => mcpAnswer(reply, message.id, result)))
    play({
      structuredContent: { email: 'a@b.example', n: 1 },
      content: [{ type: 'text', text: 'it is a@b.example' }],
      _meta: { hint: 'a@b.example' },
    })
    const told = await session.call('say', { text: 'x' })
    assert.ok(!told.text.includes('a@b.example'), told.text)
    assert.deepEqual(rpcOf(told).result.structuredContent, { email: '[redacted]', n: 1 })
    play({ content: [{ type: 'text', text: 'it is a@b.example' }] })
    const words = await session.call('say', { text: 'x' })
    assert.ok(!words.text.includes('a@b.example'), words.text)
    assert.match(wordsOf(rpcOf(words).result), /Executed, and the answer is withheld/)
    notes.play(
      on('tools/call', ({ message }, reply) => {
        const error = { code: -32000, message: 'no a@b.example' }
        reply.setHeader('content-type', 'application/json')
        reply.end(JSON.stringify({ jsonrpc: '2.0', id: message.id, error }))
        return true
      }),
    )
    const failed = await session.call('say', { text: 'x' })
    assert.ok(!failed.text.includes('a@b.example'), failed.text)
    notes.play(() => false)
    const before = notes.calls().length
    const prompt = await session.request('prompts/get', { name: 'greet', arguments: { who: 'x' } })
    assert.match(JSON.stringify(prompt.body), /cannot be done here/)
    assert.equal(notes.calls().length, before, 'nothing was sent')
    const set = await world().rooms.policies.active()
    const { text } = await world().rooms.policies.version(set.version)
    const stricter = text.replace('@redact("/email") permit', '@step_up("mfa") permit')
    const { id: by } = await world().person('ada')
    await publishPolicies(world().rooms.policy, { text: stricter, by, note: 'for tests' })
    const weak = await session.call('say', { text: 'x' })
    assert.equal(weak.status, 401)
    const asked = String(weak.headers['www-authenticate'])
    assert.match(asked, /^Bearer error="insufficient_user_authentication".*, acr_values="mfa"/)
    assert.match(asked, /, DPoP error="insufficient_user_authentication"/)
    assert.equal(notes.calls().length, before, 'nothing was sent')
  })
})
