import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type IncomingMessage, request } from 'node:http'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { CAPACITY } from './inbound/bounded-server.ts'
import { TEST_ORIGIN, testHttp } from './testing.ts'

test('while all work has its places taken, more of it is refused, and everything of people is answered', async (t) => {
  const entered = Promise.withResolvers<void>()
  const leave = Promise.withResolvers<void>()
  let worked = 0
  const http = testHttp({
    capacity: { ...CAPACITY, working: 1 },
    raw: [
      {
        name: 'work',
        paths: ['/work'],
        isWork: true,
        async handle(_, response) {
          worked += 1
          entered.resolve()
          await leave.promise
          response.end('done')
        },
      },
      {
        name: 'revocation',
        paths: ['/revoke'],
        handle(_, response) {
          response.end('revoked')
        },
      },
    ],
  })
  t.after(() => http.stop(0))
  http.app.get('/approvals', async () => 'the page')
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 })
  const ask = async (path: string) => {
    const sent = request({ port, path, agent: false, headers: { host: new URL(TEST_ORIGIN).host } })
    const [answer] = (await once(sent.end(), 'response')) as [IncomingMessage] // as: the event has it
    return { answer, text: await text(answer) }
  }
  const first = ask('/work')
  await entered.promise
  const { answer: refused, text: said } = await ask('/work')
  assert.equal(refused.statusCode, 503)
  assert.equal(refused.headers['retry-after'], '1')
  assert.ok(refused.headers['content-security-policy'], 'with the headers of every answer')
  const { code, error } = JSON.parse(said)
  assert.deepEqual({ code, error }, { code: 'server.busy', error: 'temporarily_unavailable' })
  assert.equal(worked, 1)
  for (const path of ['/livez', '/readyz', '/revoke', '/approvals'])
    assert.equal((await ask(path)).answer.statusCode, 200, path)
  leave.resolve()
  assert.equal((await first).text, 'done')
  assert.equal((await ask('/work')).answer.statusCode, 200)
})
