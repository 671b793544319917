import assert from 'node:assert/strict'
import type { ServerResponse } from 'node:http'
import { it } from 'node:test'
import { assertFailed } from '../refusals.ts'
import { until } from '../until.ts'
import type { Answer } from '../wire.ts'
import { inOneWorld } from '../world.ts'

const PATH = '/echo/things/1'
/** Connections that a single caller gets: three quarters of the 128 to one API. */
const ALONE = 96

inOneWorld('connections to an API are shared', (world) => {
  it('one task that holds streams open does not keep others from the API, and is told soon that it has its share', async () => {
    const w = world()
    w.echo.forget()
    const task = await w.open()
    const token = await w.agent.token(task, `${w.gateway}/echo`)
    const held: ServerResponse[] = []
    w.echo.answer = (_request, reply) => {
      reply.writeHead(200).flushHeaders()
      held.push(reply)
    }
    const refused: Answer[] = []
    const streams = Array.from({ length: 128 }, async () => {
      const answer = await w.agent.call(task, 'GET', PATH, { token })
      if (answer.status !== 200) refused.push(answer)
      return answer
    })
    await until(async () => (held.length + refused.length === 128 ? true : undefined))
    assert.equal(held.length, ALONE)
    for (const each of refused) assertFailed(each, 'upstream.busy')
    assert.equal(refused[0]?.headers['retry-after'], '1')
    w.echo.answer = undefined
    const other = await w.open()
    assert.equal((await w.agent.call(other, 'GET', PATH)).status, 200)
    for (const reply of held) reply.end()
    const answers = await Promise.all(streams)
    assert.equal(answers.filter(({ status }) => status === 200).length, ALONE)
    assert.equal((await w.agent.call(task, 'GET', PATH, { token })).status, 200)
  })
})
