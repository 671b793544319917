import assert from 'node:assert/strict'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { after, before, it } from 'node:test'
import { answer as mcpAnswer } from '../../src/platform/net/mcp/testing.ts'
import { type Limit, removeLimit, setLimit, showLimits } from '../../src/tasks/budgets/index.ts'
import type { OpenTask } from '../agent.ts'
import { Place, rpcOf } from '../mcp/place.ts'
import { on, serveNotes } from '../mcp/scripted.ts'
import { assertDenied } from '../refusals.ts'
import { newKey } from '../signing.ts'
import { until } from '../until.ts'
import { inEachWorld, type World } from '../world.ts'

type EchoAnswer = NonNullable<World['echo']['answer']>
const json = (text: string, status = 200) =>
  ((_: IncomingMessage, reply: ServerResponse) =>
    reply.writeHead(status, { 'content-type': 'application/json' }).end(text)) as EchoAnswer // as: what it returns is nobody's business

async function openUnder(w: World, budget: readonly object[]): Promise<OpenTask> {
  const key = await newKey()
  const wish = { details: w.everything, subjectToken: await w.idToken(), key }
  const { body, status, text } = await w.agent.ask(wish, {
    form: { budget: JSON.stringify(budget) },
  })
  assert.equal(status, 200, text)
  return { id: String(body.task_id), token: String(body.access_token), key }
}

async function used(w: World, task: OpenTask): Promise<string> {
  const { body } = await w.agent.about(task, 'GET', '')
  return (body.budget as { used: string }[])[0]?.used ?? '' // as: of the management API
}

/** The end of an answer may reach the agent a moment before its outcome is on record. */
function settled(w: World, task: OpenTask, right: string): Promise<boolean> {
  return until(async () => (await used(w, task)) === right || undefined)
}

const ROWS = { limit: 'rows', action: 'echo.read', path: '/rows', max: 100, reserve: 40 }

inEachWorld('limits on what HTTP answers say', (world) => {
  it('are settled by the answer as it came, and explained', async () => {
    const w = world()
    const task = await openUnder(w, [ROWS])
    const read = () => w.agent.call(task, 'GET', '/echo/things/1')
    w.echo.answer = json('{"rows":[1,2,3]}')
    const first = await read()
    assert.equal(first.status, 200, first.text)
    await settled(w, task, '3')
    w.echo.answer = json(JSON.stringify({ rows: Array(98).fill(0) }))
    const larger = await read()
    assert.equal(larger.status, 200)
    await settled(w, task, '101')
    assertDenied(await read(), 'budget.exhausted')
    const sam = await w.api('sam')
    const { body } = await sam.send('GET', `/decisions/${larger.headers['remit-decision']}`)
    assert.deepEqual(body.settled, [
      {
        ...{ limit: 'rows of echo.read/rows', owner: task.id },
        ...{ reserved: '40', amount: '98', by: 'answer' },
      },
    ])
    const page = await (await w.browser('sam')).get(
      `${w.issuer}/decisions/${larger.headers['remit-decision']}`,
    )
    assert.match(page.text, /98 of rows of echo.read\/rows 40 reserved/)
    const shown = await (await w.browser('sam')).get(`${w.issuer}/tasks/${task.id}`)
    assert.match(shown.text, /101 of 100 used, counting rows in the answers of/)
  })

  it('keep what was reserved when the answer cannot be read, and pass it on as it is', async () => {
    const w = world()
    const charged = { limit: 'charged', action: 'echo.read', path: '/cost', reserve: '0.10' }
    const task = await openUnder(w, [{ ...charged, max: '100.00' }])
    const read = () => w.agent.call(task, 'GET', '/echo/things/1')
    const big = JSON.stringify({ cost: 1, text: 'x'.repeat(1024 * 1024) })
    let tens = 0
    const sam = await w.api('sam')
    for (const [text, type, why] of [
      ['{"error":"no"}', 'application/json', 'not_there'],
      ['{"cost":5}', 'text/plain', 'not_json'],
      ['{"cost":5,"cost":6}', 'application/json', 'not_json'],
      ['{"cost":5', 'application/json', 'not_json'],
      ['data: {"cost":5}\n\n', 'text/event-stream', 'not_json'],
      [big, 'application/json', 'too_large'],
    ] as const) {
      w.echo.answer = (_, reply) => reply.writeHead(200, { 'content-type': type }).end(text)
      const answer = await read()
      assert.equal(answer.text, text)
      const settledBy = await until(async () => {
        const { body } = await sam.send('GET', `/decisions/${answer.headers['remit-decision']}`)
        return (body.settled as { by: string }[] | undefined)?.[0]?.by // as: of the management API
      })
      assert.equal(settledBy, why, text.slice(0, 40))
      assert.equal(await used(w, task), `0.${++tens}0`)
    }
    w.echo.answer = json('{"cost":"12.5"}')
    await read()
    await settled(w, task, '13.10')
  })

  it('are refused where they could never be settled or reserved', async () => {
    const w = world()
    for (const limit of [
      { ...ROWS, path: 'rows' },
      { ...ROWS, reserve: '40' },
      { ...ROWS, reserve: '/thing' },
      { ...ROWS, max: '100' },
      { ...ROWS, reserve: undefined },
      { limit: 'charged', action: 'echo.read', path: '', max: '1.00', reserve: '1.00' },
      { limit: 'charged', action: 'echo.read', path: '/c', max: '1000000000000.01', reserve: '1' },
      { limit: 'charged', action: 'echo.read', path: '/c', max: '1.00', reserve: 1 },
      // The document of the orders says what its answers are.
      { ...ROWS, action: 'orders.list', path: '/rows' },
      { ...ROWS, action: 'orders.list', path: '/orders/id' },
      { limit: 'charged', action: 'orders.read', path: '/lines', max: '1.00', reserve: '1' },
    ]) {
      const wish = { details: w.everything, subjectToken: await w.idToken() }
      const { status, text } = await w.agent.ask(wish, {
        form: { budget: JSON.stringify([limit]) },
      })
      assert.equal(status, 400, `${JSON.stringify(limit)} ${text}`)
    }
    const fine = { limit: 'charged', action: 'orders.read', path: '/lines/*/price' }
    await openUnder(w, [
      { ...ROWS, action: 'orders.list', path: '/orders', reserve: '/limit' },
      { ...fine, max: '1.00', reserve: '1' },
    ])
  })
})

inEachWorld('limits on what MCP answers say', (world) => {
  let notes: Awaited<ReturnType<typeof serveNotes>>
  let place: Place
  before(async () => {
    notes = await serveNotes()
    place = await Place.add(world(), { name: 'notes', url: notes.url })
  })
  after(() => notes.close())

  it('are settled by structuredContent, else by the text that is JSON', async () => {
    const w = world()
    const parts = w.rooms.decisions
    const subject = { kind: 'agent', id: 'refund-bot' } as const
    const limit: Limit = {
      name: 'rows of notes.say/found',
      kind: 'rows',
      action: 'notes.say',
      path: '/found',
      most: '100',
      reserve: '10',
    }
    const { id } = await setLimit(parts, { subject, eachTask: false, limit, by: 'operator' })
    const session = await place.session(await place.open())
    let right = 0
    for (const [result, takes] of [
      [{ structuredContent: { found: [1, 2] }, content: [] }, 2],
      [{ content: [{ type: 'text', text: '{"found":[1,2,3]}' }] }, 3],
      [{ content: [{ type: 'text', text: 'found 3' }] }, 10],
      [{ structuredContent: { found: 2 }, content: [{ type: 'text', text: '{"found":[1]}' }] }, 10],
      [{ content: [1, 2].map(() => ({ type: 'text', text: '{"found":[]}' })) }, 10],
      [{ isError: true, content: [{ type: 'text', text: 'no' }] }, 10],
    ] as const) {
      notes.play(on('tools/call', ({ message }, reply) => mcpAnswer(reply, message.id, result)))
      rpcOf(await session.call('say', { text: 'x' }))
      right += takes
      // The answer reaches the agent a moment before its outcome is on record.
      await until(async () => {
        const [shown] = await showLimits(parts, { subject, most: 5 })
        return shown?.use?.used === String(right) || undefined
      })
    }
    await removeLimit(parts, { id, by: 'operator' })
  })
})
