import assert from 'node:assert/strict'
import { it } from 'node:test'
import { testHttp } from './testing.ts'

const HERE = { host: 'remit.test' }
const count = (most: number) => ({
  type: 'object',
  properties: { count: { type: 'integer', maximum: most } },
  required: ['count'],
  additionalProperties: false,
})

it('requests are held against the schema of their route, the first ones side by side and all after them', async (t) => {
  const http = testHttp()
  t.after(() => http.stop(0))
  const reached: string[] = []
  for (const [url, most] of [
    ['/few', 10],
    ['/many', 1000],
  ] as const) {
    http.app.post(url, { schema: { body: count(most) } }, async () => void reached.push(url))
  }
  const send = async (url: string, payload: unknown) => {
    const headers = { ...HERE, 'content-type': 'application/json' }
    const body = JSON.stringify(payload)
    const { payload: text, statusCode } = await http.app.inject({
      method: 'POST',
      url,
      headers,
      body,
    })
    return statusCode === 200 ? 200 : `${statusCode} ${JSON.parse(text).detail}`
  }
  for (let round = 0; round < 2; round++) {
    const answers = await Promise.all([
      send('/few', { count: 11 }),
      send('/few', { count: 10 }),
      send('/many', { count: 11 }),
      send('/many', { count: '11' }),
      send('/few', { count: 1, more: 1 }),
      send('/few', {}),
    ])
    assert.deepEqual(answers, [
      '400 /count must be <= 10',
      200,
      200,
      '400 /count must be integer',
      '400 it must NOT have additional properties',
      "400 it must have required property 'count'",
    ])
  }
  assert.deepEqual(reached.toSorted(), ['/few', '/few', '/many', '/many'])
})

it('a schema that cannot be compiled lets nothing through, and is told in the log alone', async (t) => {
  const http = testHttp()
  t.after(() => http.stop(0))
  let reached = 0
  http.app.post('/broken', { schema: { body: { type: 'nonsense' } } }, async () => void reached++)
  for (let round = 0; round < 2; round++) {
    const headers = { ...HERE, 'content-type': 'application/json' }
    const answer = await http.app.inject({ method: 'POST', url: '/broken', headers, body: '{}' })
    assert.equal(answer.statusCode, 500)
    assert.equal(answer.json().code, 'server.failed')
    assert.doesNotMatch(answer.payload, /nonsense|schema/)
  }
  assert.equal(reached, 0)
  assert.match(http.logged(), /schema is invalid/)
})
