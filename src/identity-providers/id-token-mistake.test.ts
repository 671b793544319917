import assert from 'node:assert/strict'
import { test } from 'node:test'
import { idTokenMistake } from './id-token-mistake.ts'

const CLIENT_REFUSED = 'it does not know this client, or not by this secret'

test('a client that the provider refuses is said to be refused, in its body or by a challenge', () => {
  const challenge = (scheme: string) =>
    new Error('server responded with a challenge', { cause: [{ scheme, parameters: {} }] })
  assert.equal(idTokenMistake(challenge('basic')), CLIENT_REFUSED)
  const refusal = Object.assign(new Error('server responded with an error'), {
    error: 'invalid_client',
  })
  assert.equal(idTokenMistake(refusal), CLIENT_REFUSED)
  assert.notEqual(idTokenMistake(challenge('bearer')), CLIENT_REFUSED, 'the userinfo endpoint')
})
