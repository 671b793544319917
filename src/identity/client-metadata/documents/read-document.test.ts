import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from '../../../platform/lib/json.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { keyPair } from '../../agents/testing.ts'
import { keysOf } from './credentials.ts'
import { plainMember, readClientDocument } from './read-document.ts'

const URL_ = 'https://app.example/client.json'
const HONEST = {
  client_id: URL_,
  client_name: 'Notes',
  redirect_uris: ['https://app.example/callback', 'http://127.0.0.1/callback'],
}
const EC = keyPair('ec')
const PUBLIC = { ...EC.jwk, kid: 'k1' }
const PRIVATE = EC.privateKey.export({ format: 'jwk' })

const read = (members: Record<string, unknown>) =>
  readClientDocument(parseJson(JSON.stringify({ ...HONEST, ...members })), URL_)

const isInvalid = (error: unknown) =>
  error instanceof Problem && error.code === 'client_document.invalid'

function statement(claims: object): string {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
  return `${part({ alg: 'ES256' })}.${part(claims)}.c2lnbmF0dXJl`
}

test('a document says name, addresses and how its client authenticates, and nothing else counts', () => {
  const document = read({
    logo_uri: 'javascript:alert(1)',
    client_uri: 'file:///etc/passwd',
    scope: 'everything',
    trust: 3,
    software_statement: statement({ software_id: 'x' }),
  })
  assert.deepEqual(document, {
    clientId: URL_,
    clientName: 'Notes',
    redirectUris: HONEST.redirect_uris,
    methods: ['none'],
    terms: { pushed: false, fapi2: false, bound: false },
    jwksUri: undefined,
    keys: [],
  })
})

test('both ways to authenticate are known, and one that is not offered here is no mistake beside one that is', () => {
  const method = 'token_endpoint_auth_method'
  const methods = 'token_endpoint_auth_methods_supported'
  const jwks = { keys: [PUBLIC] }
  const of = (members: object) => read({ jwks, ...members }).methods
  assert.deepEqual(of({ [method]: 'private_key_jwt' }), ['private_key_jwt'])
  assert.deepEqual(of({ [methods]: ['private_key_jwt'] }), ['private_key_jwt'])
  assert.deepEqual(
    of({ [method]: 'none', [methods]: ['tls_client_auth', 'none', 'private_key_jwt'] }),
    ['none', 'private_key_jwt'],
  )
  // Section 6: what is declared counts, and not the default for what is not.
  for (const wrong of [
    { [methods]: ['tls_client_auth'] },
    { [method]: 'tls_client_auth' },
    { [method]: 'none', [methods]: ['private_key_jwt'] },
    { [methods]: [] },
    { [methods]: 'none' },
    { [method]: null },
  ])
    assert.throws(() => of(wrong), isInvalid, JSON.stringify(wrong))
})

test('keys are where the document says, in one way', () => {
  const proves = { token_endpoint_auth_method: 'private_key_jwt' }
  const [key] = read({ ...proves, jwks: { keys: [keyPair('rsa').jwk, PUBLIC] } }).keys
  assert.equal(key?.kid, 'k1')
  const jwks_uri = 'https://keys.example/jwks'
  assert.equal(read({ ...proves, jwks_uri }).jwksUri, jwks_uri)
  // A public client's are not asked for.
  assert.equal(read({ jwks_uri }).jwksUri, undefined)
  for (const wrong of [
    {},
    { jwks: { keys: [PUBLIC] }, jwks_uri },
    { jwks: { keys: [] } },
    { jwks: { keys: [keyPair('rsa').jwk] } },
    { jwks: [PUBLIC] },
    { jwks: 'x' },
    { jwks: { keys: [PUBLIC, { ...keyPair('ec').jwk, kid: 'k1' }] } },
    { jwks: { keys: Array.from({ length: 21 }, () => PUBLIC) } },
    { jwks_uri: 'http://keys.example/jwks' },
    { jwks_uri: 'file:///etc/passwd' },
    { jwks_uri: 'https://user@keys.example/jwks' },
    { jwks_uri: 'https://keys.example/jwks#f' },
    { jwks_uri: 'javascript:alert(1)' },
    { jwks_uri: ['https://keys.example/jwks'] },
  ])
    assert.throws(() => read({ ...proves, ...wrong }), isInvalid, JSON.stringify(wrong))
})

test('M6: secrets, methods that need one, and private keys are refused, wherever they are', () => {
  for (const wrong of [
    { client_secret: 'x' },
    { client_secret: null },
    { client_secret_expires_at: 0 },
    { token_endpoint_auth_method: 'client_secret_basic' },
    { token_endpoint_auth_method: 'client_secret_post' },
    { token_endpoint_auth_method: 'client_secret_jwt' },
    { token_endpoint_auth_method: 'shared_SECRET_x' },
    { token_endpoint_auth_methods_supported: ['none', 'client_secret_basic'] },
    { jwks: { keys: [PRIVATE] } },
    { jwks: { keys: [PUBLIC, PRIVATE] } },
    { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } },
    { extra: { deep: [{ keys: [PRIVATE] }] } },
    { software_statement: statement({ client_secret: 'x' }) },
    { software_statement: statement({ jwks: { keys: [PRIVATE] } }) },
    { software_statement: 'not a jwt' },
    { software_statement: {} },
  ])
    assert.throws(() => read(wrong), isInvalid, JSON.stringify(wrong))
  assert.throws(() => keysOf({ keys: [PUBLIC, PRIVATE] }), isInvalid)
})

test('another address than its own, or none, is refused, byte by byte', () => {
  for (const client_id of [
    undefined,
    'https://app.example/client.json/',
    'https://app.example:443/client.json',
    'https://APP.example/client.json',
    'https://app.example/Client.json',
    'https://evil.example/client.json',
    [URL_],
    null,
  ])
    assert.throws(() => read({ client_id }), isInvalid, String(client_id))
  for (const text of ['[]', '"x"', 'null', '7', '{}'])
    assert.throws(() => readClientDocument(parseJson(text), URL_), isInvalid, text)
})

test('a client that asks people has a name that can be seen and addresses that answers can go to', () => {
  for (const wrong of [
    { client_name: undefined },
    { client_name: '' },
    { client_name: 'a\u202eb' },
    { client_name: 'a'.repeat(101) },
    { client_name: 7 },
    { redirect_uris: [] },
    { redirect_uris: 'https://app.example/callback' },
    { redirect_uris: ['http://app.example/callback'] },
    { redirect_uris: ['notes://callback'] },
    { redirect_uris: ['https://app.example/callback#f'] },
    { redirect_uris: ['javascript:alert(1)'] },
    { redirect_uris: Array.from({ length: 11 }, (_, i) => `https://app.example/${i}`) },
    { response_types: ['token'] },
    { grant_types: 'authorization_code' },
    { grant_types: ['authorization_code'], redirect_uris: undefined },
  ])
    assert.throws(() => read(wrong), isInvalid, JSON.stringify(wrong))
})

test('one that asks nobody needs neither', () => {
  const bare = { client_name: undefined, redirect_uris: undefined }
  for (const members of [bare, { ...bare, grant_types: ['client_credentials'] }])
    assert.deepEqual([read(members).clientName, read(members).redirectUris], ['app.example', []])
  assert.deepEqual(read({ grant_types: ['client_credentials'] }).redirectUris, [])
})

test('numbers and members keep their place when a document is read', () => {
  assert.deepEqual(plainMember(parseJson('{"a":[1,"b",null,true,{"c":2.5}]}')), {
    a: [1, 'b', null, true, { c: 2.5 }],
  })
})
