import assert from 'node:assert/strict'
import { request } from 'node:http'
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
