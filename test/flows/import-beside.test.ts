import assert from 'node:assert/strict'
import { it } from 'node:test'
import { assertRequestable } from '../refusals.ts'
import type { Answer } from '../wire.ts'
import { inEachWorld, type World } from '../world.ts'

/** Number of operations that makes a document large enough, some 2 MB, to be read in a thread. */
const OPERATIONS = 400

/** A large API. Its actions are other ones in each version, so that each import writes all of them. */
function documentOf(version: number): object {
  const described = { type: 'string', description: 'What it is, in some words. '.repeat(5) }
  const fields = Array.from({ length: 20 }, (_, i) => [`field_${i}`, described] as const)
  const schema = {
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(fields),
  }
  const operation = (i: number) => ({
    operationId: `op-${version}-${i}`,
    requestBody: { content: { 'application/json': { schema } } },
    responses: { 200: { description: 'x', content: { 'application/json': { schema } } } },
  })
  const paths = Array.from({ length: OPERATIONS }, (_, i) => [
    `/v${version}/things/${i}`,
    { post: operation(i) },
  ])
  return {
    openapi: '3.1.0',
    info: { title: 'Large', version: `${version}` },
    paths: Object.fromEntries(paths),
  }
}

/** Imports the large API again and again until told to stop; answers how often. */
async function importUntil(w: World, isDone: () => boolean): Promise<number> {
  const ada = await w.api('ada')
  let version = 0
  do {
    version++
    const body = { document: documentOf(version), upstream: 'https://large.example', accept: true }
    const done = await ada.send('PUT', '/resources/large', body)
    assert.equal(done.status, 200, done.text)
    assert.equal((done.body.added as readonly string[]).length, OPERATIONS)
  } while (!isDone())
  return version
}

/**
 * Answer to a call. What was decided under the rules of a moment before is not sent, and the call
 * is made again.
 */
async function answerTo(call: () => Promise<Answer>): Promise<Answer> {
  for (;;) {
    const answer = await call()
    if (answer.body.code !== 'call.no_longer_live') return answer
  }
}

inEachWorld('while a large API is imported', (world) => {
  it('calls go through the gateway, and what people click is done', async () => {
    const w = world()
    const task = await w.open()
    const [echo, orders] = [
      await w.agent.token(task, `${w.gateway}/echo`),
      await w.agent.token(task, w.orders),
    ]
    const fiona = await w.browser('fiona')
    let clicked = false
    const importing = importUntil(w, () => clicked)
    importing.catch(() => {}) // told at the end
    const things = ['a1', 'a2', 'a3', 'a4', 'a5']
    for (const thing of things) {
      const remove = () => w.agent.call(task, 'DELETE', `/echo/things/${thing}`, { token: echo })
      const asked = assertRequestable(await answerTo(remove))
      const answered = await fiona.submit(await fiona.get(asked.page), /^Approve once/)
      assert.equal(answered.status, 200, answered.text)
      const done = await answerTo(remove)
      if (done.body.code === 'approval.executed') {
        // It was under way when the rules changed: it is cut, and never made again.
        assert.equal(done.body.state, 'failed', done.text)
        things.push(`${thing}-next`)
        assert.ok(things.length < 20, 'most are not')
        continue
      }
      assert.equal(done.status, 200, done.text)
      const read = await answerTo(() =>
        w.agent.call(task, 'GET', '/orders/orders/1042', { token: orders }),
      )
      assert.equal(read.status, 200, read.text)
    }
    clicked = true
    assert.ok((await importing) > 0)
  })
})
