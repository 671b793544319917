import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { it } from 'node:test'
import { cookiesOf } from './cookies.ts'
import { testHttp } from './testing.ts'

function request(cookie: string): IncomingMessage {
  return { headers: { cookie } } as IncomingMessage // reading needs nothing else of it
}

it('on https a cookie cannot be set by another host, path or plain-http answer', async () => {
  const { app } = testHttp()
  const cookies = cookiesOf('https://remit.test')
  app.get('/set', async (_request, reply) => {
    cookies.set(reply, 'session', 'first', 60)
    cookies.set(reply, 'session', 'abc', 60)
    cookies.clear(reply, 'setup')
    return ''
  })
  const { headers } = await app.inject({ url: '/set', headers: { host: 'remit.test' } })
  assert.deepEqual(headers['set-cookie'], [
    '__Host-remit_session=abc; Max-Age=60; Path=/; HttpOnly; SameSite=Lax; Secure',
    '__Host-remit_setup=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax; Secure',
  ])
  assert.equal(cookies.read(request('__Host-remit_session=abc'), 'session'), 'abc')
  assert.equal(cookies.read(request('remit_session=abc'), 'session'), undefined)
})

it('a cookie that is there twice, or is not plain text, is not there', () => {
  const cookies = cookiesOf('http://127.0.0.1:7480')
  assert.equal(cookies.read(request('a=1; remit_session=abc; b=2'), 'session'), 'abc')
  assert.equal(cookies.read(request('remit_session=abc; remit_session=def'), 'session'), undefined)
  assert.equal(cookies.read(request('remit_session="abc"'), 'session'), undefined)
  assert.equal(cookies.read(request('xremit_session=abc'), 'session'), undefined)
  assert.equal(cookies.read(request(''), 'session'), undefined)
})
