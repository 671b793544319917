import assert from 'node:assert/strict'
import { it } from 'node:test'
import { gzipSync } from 'node:zlib'
import { findDecision, listDecisions } from '../../src/tasks/decision-log/index.ts'
import { ECHO_SECRET } from '../echo.ts'
import { assertFailed, assertRefused, assertRequestable } from '../refusals.ts'
import { until } from '../until.ts'
import type { Answer } from '../wire.ts'
import { inOneWorld, type World } from '../world.ts'

const PATH = '/echo/things/1'

/** Reads the last decision of the task, once its call has ended. */
async function booked(w: World, task: { id: string }) {
  const last = await until(async () => {
    const [newest] = await listDecisions(w.rooms.storage.read, { taskId: task.id, limit: 1 })
    return newest?.state === 'sending' ? undefined : newest
  })
  const outcomes = (await w.ledger()).filter(
    (each) => each.decision_id === last.id && each.type === 'decision.outcome',
  )
  assert.equal(outcomes.length, 1, 'an outcome, once')
  assert.equal(outcomes[0]?.outcome, last.state)
  return { state: last.state, status: last.status, reason: outcomes[0]?.reason }
}

async function approved(w: World, path: string) {
  const task = await w.open()
  const { page } = assertRequestable(await w.agent.call(task, 'DELETE', path))
  const fiona = await w.browser('fiona')
  assert.equal((await fiona.submit(await fiona.get(page), /^Approve once/)).status, 200)
  return task
}

inOneWorld(
  'an API in trouble',
  (world) => {
    it('is down: nothing was sent, the approval is still good, and it works when the API is back', async () => {
      const w = world()
      w.echo.forget()
      const task = await approved(w, '/echo/things/down')
      await w.echo.pause()
      const refused = await w.agent.call(task, 'DELETE', '/echo/things/down')
      assertFailed(refused, 'upstream.unreachable')
      assert.deepEqual(await booked(w, task), {
        state: 'not_sent',
        status: null,
        reason: 'upstream.unreachable',
      })
      await w.echo.resume()
      assert.equal((await w.agent.call(task, 'DELETE', '/echo/things/down')).status, 200)
      assertRefused(await w.agent.call(task, 'DELETE', '/echo/things/down'), 'approval.executed')
    })

    it('does not answer in time: the effect is unknown, the approval is used up', async () => {
      const w = world()
      w.echo.forget()
      const task = await approved(w, '/echo/things/slow')
      w.echo.answer = () => {}
      assertFailed(await w.agent.call(task, 'DELETE', '/echo/things/slow'), 'upstream.timeout')
      assert.deepEqual(await booked(w, task), {
        state: 'failed',
        status: null,
        reason: 'upstream.timeout',
      })
      w.echo.answer = undefined
      const again = await w.agent.call(task, 'DELETE', '/echo/things/slow')
      assertRefused(again, 'approval.executed')
      assert.equal(again.body.state, 'failed')
      assert.equal(w.echo.reached.length, 1)
    })

    it('cuts the connection: before it has read, after it has read, in the middle of its answer', async () => {
      const w = world()
      w.echo.forget()
      const task = await w.open()
      w.echo.raw = (socket) => socket.destroy()
      assertFailed(await w.agent.call(task, 'GET', PATH), 'upstream.cut')
      assert.equal((await booked(w, task)).state, 'failed')
      w.echo.raw = (socket) => socket.once('data', () => socket.destroy())
      assertFailed(await w.agent.call(task, 'GET', PATH), 'upstream.cut')
      assert.equal((await booked(w, task)).state, 'failed')
      w.echo.raw = (socket) =>
        socket.once('data', () => {
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of')
          setImmediate(() => socket.destroy())
        })
      await assert.rejects(w.agent.call(task, 'GET', PATH), /aborted|reset|hang up/i)
      assert.deepEqual(await booked(w, task), {
        state: 'failed',
        status: 200,
        reason: 'upstream.cut',
      })
    })

    it('stops in the middle of its answer: cut, not left hanging', async () => {
      const w = world()
      w.echo.forget()
      const task = await w.open()
      w.echo.raw = (socket) =>
        socket.once('data', () =>
          socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of'),
        )
      await assert.rejects(w.agent.call(task, 'GET', PATH), /aborted|reset|hang up/i)
      assert.equal((await booked(w, task)).state, 'failed')
    })

    it('answers garbage: a typed refusal, never what it said', async () => {
      const w = world()
      const task = await w.open()
      for (const [name, bytes] of Object.entries({
        'no HTTP at all': 'SSH-2.0-OpenSSH\r\n',
        'a broken status': 'HTTP/1.1 twohundred OK\r\n\r\n',
        'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx',
        'both framings':
          'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n',
        'a head without end': `HTTP/1.1 200 OK\r\nX-Long: ${'a'.repeat(200_000)}`,
        'another protocol':
          'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello',
        'a NUL in a header': 'HTTP/1.1 200 OK\r\nContent-Type: a\0b\r\n\r\n',
      })) {
        w.echo.forget()
        w.echo.raw = (socket) => socket.once('data', () => socket.end(bytes))
        const answer = await w.agent.call(task, 'GET', PATH)
        assert.ok([502, 504].includes(answer.status), `${name}: ${answer.status} ${answer.text}`)
        assert.match(String(answer.body.code), /^upstream\./, name)
        assert.equal((await booked(w, task)).state, 'failed', name)
      }
    })

    it('answers what an agent must not get: encodings that hide our credential, cookies, other headers, redirects', async () => {
      const w = world()
      w.echo.forget()
      const task = await w.open()
      const get = async (answer: NonNullable<typeof w.echo.answer>): Promise<Answer> => {
        w.echo.answer = answer
        return w.agent.call(task, 'GET', PATH)
      }
      const zipped = await get((request, reply) => {
        const body = gzipSync(String(request.headers.authorization))
        reply
          .writeHead(200, { 'content-encoding': 'gzip', 'content-length': body.length })
          .end(body)
      })
      assertFailed(zipped, 'upstream.unreadable')
      assert.equal((await booked(w, task)).state, 'failed')
      const redirect = await get((_, reply) =>
        reply.writeHead(302, { location: 'http://169.254.169.254/latest/meta-data' }).end(),
      )
      assert.equal(redirect.status, 302)
      assert.equal(w.echo.reached.length, 2, 'not followed')
      const odd = await get((_, reply) =>
        reply
          .writeHead(200, {
            'set-cookie': ['a=b', 'remit_session=x'],
            'access-control-allow-origin': '*',
            'strict-transport-security': 'max-age=0',
            'content-security-policy': "script-src 'unsafe-inline'",
            'remit-decision': 'dec_forged',
            'remit-answer': 'own',
            'clear-site-data': '"*"',
            'content-type': 'text/html',
          })
          .end('<script>1</script>'),
      )
      assert.equal(odd.status, 200)
      for (const name of [
        'set-cookie',
        'access-control-allow-origin',
        'strict-transport-security',
        'clear-site-data',
        'remit-answer',
      ])
        assert.equal(odd.headers[name], undefined, name)
      assert.equal(odd.headers['content-security-policy'], "default-src 'none'; sandbox")
      assert.equal(odd.headers['x-content-type-options'], 'nosniff')
      assert.notEqual(odd.headers['remit-decision'], 'dec_forged')
      const echoed = await get((request, reply) => {
        reply.writeHead(500, { 'content-type': 'text/plain' })
        reply.end(`Traceback: ${JSON.stringify(request.headers)}`)
      })
      assert.equal(echoed.status, 500)
      assert.ok(!echoed.text.includes(ECHO_SECRET))
      const early = await get((_, reply) => {
        reply.writeEarlyHints({ link: '</x>; rel=preload' })
        reply.end('late')
      })
      assert.deepEqual([early.status, early.text], [200, 'late'])
      const foreign = await get((_, reply) => {
        reply.socket?.end(
          Buffer.from(
            'HTTP/1.1 200 OK\r\nETag: "世界"\r\nLocation: /世界\r\nContent-Length: 2\r\n\r\nok',
          ),
        )
      })
      assert.deepEqual([foreign.status, foreign.text], [200, 'ok'])
      assert.equal(foreign.headers.etag, undefined)
      const empty = await get((_, reply) => reply.writeHead(204).end())
      assert.deepEqual([empty.status, empty.text], [204, ''])
    })

    it('the caller goes away: the effect is recorded all the same', async () => {
      const w = world()
      w.echo.forget()
      const task = await w.open()
      let answerNow: () => void = () => {}
      w.echo.answer = (_, reply) => {
        answerNow = () => reply.end('done')
      }
      const token = await w.agent.token(task, `${w.gateway}/echo`)
      const call = await w.agent.abandon(task, 'GET', PATH, { token })
      await w.echo.arrived(1)
      call.leave()
      const id = String(w.echo.reached[0]?.headers['remit-decision'])
      answerNow()
      // The recording is on its way; stopping waits for it.
      await w.restart()
      assert.equal((await findDecision(w.rooms.storage.read, id))?.state, 'answered')
    })
  },
  { patience: { startsWithin: 300, pausesAtMost: 300 } },
)
