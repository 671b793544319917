import assert from 'node:assert/strict'
import { test } from 'node:test'
import { clientSecretBasic } from './client-secret-basic.ts'

async function credentials(clientId: string, secret: string): Promise<string> {
  const headers = new Headers()
  const server = { issuer: 'https://idp.example' }
  await clientSecretBasic(secret)(server, { client_id: clientId }, new URLSearchParams(), headers)
  const [, encoded = ''] = /^Basic (.+)$/.exec(headers.get('authorization') ?? '') ?? []
  return Buffer.from(encoded, 'base64').toString()
}

test('an id and a secret of usual characters are sent as they are, for providers that do not decode them', async () => {
  assert.equal(await credentials('remit-1.example', '0b5c-4d_e.7'), 'remit-1.example:0b5c-4d_e.7')
})

test('every other character is form-encoded, so that a provider of the standard reads the same secret', async () => {
  const secret = 'a:b+c/d=e f%20~é!'
  const [id, sent = '', ...rest] = (await credentials('re:mit', secret)).split(':')
  assert.deepEqual([id, rest], ['re%3Amit', []])
  assert.match(sent, /^[\w%+.*-]+$/)
  assert.equal(new URLSearchParams(`secret=${sent}`).get('secret'), secret)
})
