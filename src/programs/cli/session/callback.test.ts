import assert from 'node:assert/strict'
import { once } from 'node:events'
import { request } from 'node:http'
import { connect, Server } from 'node:net'
import { test } from 'node:test'
import { callback } from './callback.ts'

test('the browser comes back with our state, and what it brings is the answer', async () => {
  await using waiting = await callback('our-state')
  assert.match(waiting.address, /^http:\/\/127\.0\.0\.1:\d+\/callback$/)
  const page = await fetch(`${waiting.address}?code=c1&state=our-state`)
  assert.equal(page.status, 200)
  assert.match(await page.text(), /signed in/)
  assert.equal((await waiting.answer).get('code'), 'c1')
})

test('who knocks without our state changes nothing: the sign-in goes on', async () => {
  await using waiting = await callback('our-state')
  for (const path of [
    '?code=evil&state=theirs',
    '?code=evil',
    '?error=access_denied&state=x',
    '/other?state=our-state',
  ]) {
    assert.equal((await fetch(waiting.address + path)).status, 400, path)
  }
  const posted = await fetch(`${waiting.address}?code=evil&state=our-state`, { method: 'POST' })
  assert.equal(posted.status, 400)
  await fetch(`${waiting.address}?code=right&state=our-state`)
  assert.equal((await waiting.answer).get('code'), 'right')
})

test('a name that resolves to loopback is not us', async () => {
  await using waiting = await callback('our-state')
  const { port } = new URL(waiting.address)
  const status = await new Promise((resolve, reject) => {
    const sent = request(
      {
        host: '127.0.0.1',
        port,
        path: '/callback?code=evil&state=our-state',
        headers: { host: `evil.example:${port}` },
      },
      (answer) => {
        answer.resume()
        resolve(answer.statusCode)
      },
    )
    sent.on('error', reject).end()
  })
  assert.equal(status, 400)
  await fetch(`${waiting.address}?code=right&state=our-state`)
  assert.equal((await waiting.answer).get('code'), 'right')
})

test('a sign-in that was refused is told as that', async () => {
  await using waiting = await callback('our-state')
  await fetch(`${waiting.address}?error=access_denied&error_description=not+today&state=our-state`)
  await assert.rejects(waiting.answer, { message: 'The sign-in was refused', detail: 'not today' })
})

test('nothing is left listening', async () => {
  const waiting = await callback('our-state')
  await waiting[Symbol.asyncDispose]()
  await assert.rejects(fetch(waiting.address))
})

test('a sign-in that was refused without words is told by its code, and the page says so', async () => {
  await using waiting = await callback('our-state')
  const page = await fetch(`${waiting.address}?error=access_denied&state=our-state`)
  assert.equal(page.status, 200)
  assert.match(await page.text(), /The sign-in was refused\./)
  await assert.rejects(waiting.answer, { detail: 'access_denied' })
})

test('what is no address of ours is sent away', async () => {
  await using waiting = await callback('our-state')
  for (const path of ['/', '/callback/', '/callback/x', '/other'])
    assert.equal((await fetch(new URL(path, waiting.address))).status, 400, path)
  const { port } = new URL(waiting.address)
  const odd = await new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port, path: 'http://[/' }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    })
    sent.on('error', reject).end()
  })
  assert.equal(odd, 400)
})

test('a sign-in that does not come is given up after ten minutes, with words that say what to do', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  await using waiting = await callback('our-state')
  let over = false
  void waiting.answer.catch(() => {
    over = true
  })
  t.mock.timers.tick(10 * 60_000 - 1)
  assert.equal((await fetch(waiting.address)).status, 400)
  assert.equal(over, false)
  t.mock.timers.tick(1)
  await assert.rejects(waiting.answer, {
    message: 'No one signed in within ten minutes',
    next: ['run the command again'],
  })
})

test('a spare connection of the browser is cut half a second after the end', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const waiting = await callback('our-state')
  const spare = connect(Number(new URL(waiting.address).port), '127.0.0.1')
  const cut = once(spare.resume(), 'close')
  await once(spare, 'connect')
  // Connections are taken in turn: when this one is answered, the spare one is known.
  await fetch(waiting.address)
  const ended = waiting[Symbol.asyncDispose]()
  t.mock.timers.tick(500)
  await ended
  await cut
})

test('nothing keeps the program running after the sign-in', async (t) => {
  const pending = new Set<unknown>()
  const { clearTimeout, setTimeout } = globalThis
  t.mock.method(globalThis, 'setTimeout', (work: () => void, ms: number) => {
    const timer = setTimeout(work, ms)
    pending.add(timer)
    return timer
  })
  t.mock.method(globalThis, 'clearTimeout', (timer: NodeJS.Timeout) => {
    pending.delete(timer)
    clearTimeout(timer)
  })
  const waiting = await callback('our-state')
  await fetch(`${waiting.address}?code=c1&state=our-state`)
  await waiting.answer
  assert.ok(pending.size > 0)
  await waiting[Symbol.asyncDispose]()
  assert.equal(pending.size, 0)
})

test('where no address can be listened at, that is told', async (t) => {
  t.mock.method(Server.prototype, 'listen', function (this: Server) {
    process.nextTick(() => this.emit('error', new Error('no address is free')))
    return this
  })
  await assert.rejects(callback('our-state'), /no address is free/)
})
