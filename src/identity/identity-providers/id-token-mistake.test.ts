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

/** An error as the OpenID client library throws it, with the claim in the cause. */
function wrong(cause: object): Error {
  return new Error('outer', { cause: Object.assign(new Error('inner'), cause) })
}

test('a claim that names a party is shown, with what was expected', () => {
  const iss = wrong({
    claim: 'iss',
    claims: { iss: 'https://a.example' },
    expected: 'https://b.example',
  })
  assert.equal(
    idTokenMistake(iss),
    '`iss` in its ID token is `https://a.example`, and `https://b.example` was expected',
  )
  const many = ['1', '2', '3', '4', '5', '6']
  assert.equal(
    idTokenMistake(wrong({ claim: 'aud', claims: { aud: many } })),
    '`aud` in its ID token is `1 2 3 4 5`',
  )
  for (const claims of [{}, { azp: {} }, undefined, null, 'azp'])
    assert.equal(
      idTokenMistake(wrong({ claim: 'azp', claims })),
      '`azp` in its ID token is not readable',
    )
})

test('another claim is named and not shown', () => {
  const nonce = wrong({ claim: 'nonce', claims: { nonce: 's3cret' }, expected: 's3cret' })
  assert.equal(idTokenMistake(nonce), 'its ID token has a wrong `nonce`')
  assert.equal(idTokenMistake(wrong({ claim: 7 })), 'inner')
})

test('otherwise the innermost message is repeated, of five errors at most', () => {
  let deep = new Error('6')
  for (const message of ['5', '4', '3', '2', '1']) deep = new Error(message, { cause: deep })
  assert.equal(idTokenMistake(deep), '5')
  assert.equal(idTokenMistake(new Error('outer', { cause: {} })), 'outer')
  for (const nothing of [undefined, null, 'text', {}, 7])
    assert.equal(idTokenMistake(nothing), undefined)
})

test('what only looks like a refusal of the client is none', () => {
  const cases: readonly unknown[] = [
    Object.assign(new Error('m'), { error: 'invalid_grant' }),
    new Error('m', { cause: [] }),
    new Error('m', { cause: [{}, null, 'basic'] }),
    new Error('m', { cause: 'basic' }),
  ]
  for (const error of cases) assert.notEqual(idTokenMistake(error), CLIENT_REFUSED)
  const second = new Error('m', { cause: [{ scheme: 'bearer' }, { scheme: 'basic' }] })
  assert.equal(idTokenMistake(second), CLIENT_REFUSED)
})
