import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, test } from 'node:test'
import * as client from 'openid-client'
import { SAMPLE_PEOPLE } from '../sample.ts'
import { clickThrough } from './click.ts'
import { type DevIdentityProvider, serveIdentityProvider } from './serve.ts'

const CALLBACK = 'http://127.0.0.1:7480/sign-in/callback'
let provider: DevIdentityProvider

before(async () => {
  provider = await serveIdentityProvider({
    port: 0,
    people: SAMPLE_PEOPLE,
    clients: [
      { id: 'remit', secret: 'dev-secret', redirectUris: [CALLBACK] },
      { id: 'refund-bot', redirectUris: ['http://127.0.0.1/callback'] },
    ],
  })
})
after(() => provider.close())

async function signIn(
  id: string,
  secret: string | undefined,
  redirect: string,
  person: string,
  cookies?: Map<string, string>,
) {
  const config = await client.discovery(
    new URL(provider.issuer),
    id,
    undefined,
    secret === undefined ? client.None() : client.ClientSecretBasic(secret),
    { execute: [client.allowInsecureRequests, client.enableNonRepudiationChecks] },
  )
  const verifier = client.randomPKCECodeVerifier()
  const nonce = client.randomNonce()
  const state = client.randomState()
  const url = client.buildAuthorizationUrl(config, {
    redirect_uri: redirect,
    scope: 'openid profile email groups',
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    nonce,
    state,
  })
  const back = await clickThrough(url.href, person, cookies)
  return client.authorizationCodeGrant(config, new URL(back), {
    pkceCodeVerifier: verifier,
    expectedNonce: nonce,
    expectedState: state,
    idTokenExpected: true,
  })
}

test('Remit gets name, e-mail and groups of the person who was chosen, in the ID token', async () => {
  const claims = (await signIn('remit', 'dev-secret', CALLBACK, 'sam')).claims()
  assert.equal(claims?.sub, 'sam')
  assert.equal(claims?.name, 'Sam Support')
  assert.equal(claims?.email, 'sam@example.com')
  assert.deepEqual(claims?.groups, ['support'])
  assert.equal(typeof claims?.auth_time, 'number')
})

test('two sign-ins of the same second give two tokens', async () => {
  const [one, other] = [
    await signIn('remit', 'dev-secret', CALLBACK, 'sam'),
    await signIn('remit', 'dev-secret', CALLBACK, 'sam'),
  ].map((tokens) => tokens.claims()?.jti)
  assert.equal(typeof one, 'string')
  assert.notEqual(one, other)
})

test('a sample agent signs a person in on loopback, on any port, without a secret', async () => {
  const tokens = await signIn('refund-bot', undefined, 'http://127.0.0.1:41234/callback', 'fiona')
  assert.equal(tokens.claims()?.aud, 'refund-bot')
  assert.deepEqual(tokens.claims()?.groups, ['finance'])
})

test('the page asks for no script, and says that anyone can be anyone', async () => {
  const url = new URL('/auth', provider.issuer)
  url.search = new URLSearchParams({
    client_id: 'remit',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
    code_challenge: 'a'.repeat(43),
    code_challenge_method: 'S256',
  }).toString()
  const first = await fetch(url, { redirect: 'manual' })
  const cookies = first.headers.getSetCookie()
  for (const cookie of cookies) assert.match(cookie, /^remit_dev_idp_/)
  const page = await fetch(new URL(first.headers.get('location') ?? '', provider.issuer), {
    headers: { cookie: cookies.map((cookie) => cookie.split(';')[0]).join('; ') },
  })
  const html = await page.text()
  assert.match(html, /Anyone can be anyone/)
  assert.doesNotMatch(html, /<script/i)
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /default-src 'none'/)
  assert.doesNotMatch(policy, /\[/, 'browsers know no source that is an IPv6 address')
  for (const { name } of SAMPLE_PEOPLE) assert.ok(html.includes(name), name)
})

test('a sign-in may end at an `https` issuer: the policy of the page names its origin', async () => {
  const redirectUris = ['https://remit.example/sign-in/callback']
  const clients = [{ id: 'remit', secret: 'dev-secret', redirectUris }]
  const behind = await serveIdentityProvider({ port: 0, people: SAMPLE_PEOPLE, clients })
  const url = new URL('/auth', behind.issuer)
  url.search = new URLSearchParams({
    ...{ client_id: 'remit', response_type: 'code', redirect_uri: redirectUris[0] ?? '' },
    ...{ scope: 'openid', code_challenge: 'a'.repeat(43), code_challenge_method: 'S256' },
  }).toString()
  const first = await fetch(url, { redirect: 'manual' })
  const cookie = first.headers.getSetCookie().map((each) => each.split(';')[0])
  const at = new URL(first.headers.get('location') ?? '', behind.issuer)
  const page = await fetch(at, { headers: { cookie: cookie.join('; ') } })
  await behind.close()
  const policy = page.headers.get('content-security-policy') ?? ''
  assert.match(policy, /form-action 'self' .*https:\/\/remit\.example(?:;|$)/)
})

test('an authorization request without PKCE is sent back with an error', async () => {
  const url = new URL('/auth', provider.issuer)
  url.search = new URLSearchParams({
    client_id: 'remit',
    response_type: 'code',
    redirect_uri: CALLBACK,
    scope: 'openid',
  }).toString()
  const response = await fetch(url, { redirect: 'manual' })
  assert.match(response.headers.get('location') ?? '', /error=invalid_request/)
})

test('an unknown person, a foreign browser and a foreign host name are refused', async () => {
  await assert.rejects(signIn('remit', 'dev-secret', CALLBACK, 'nobody-at-all'), /answered 400/)
  const foreign = await fetch(`${provider.issuer}/choose/abcdefgh`)
  assert.equal(foreign.status, 400)
  const { port } = new URL(provider.issuer)
  const status = await new Promise((resolve) =>
    request({ host: '127.0.0.1', port, headers: { host: `evil.example:${port}` } }, (res) => {
      res.resume()
      resolve(res.statusCode)
    }).end(),
  )
  assert.equal(status, 421)
})

test('the browser that was one person a moment ago is asked again', async () => {
  const jar = new Map<string, string>()
  const first = (await signIn('remit', 'dev-secret', CALLBACK, 'sam', jar)).claims()?.sub
  const second = (await signIn('remit', 'dev-secret', CALLBACK, 'fiona', jar)).claims()?.sub
  assert.deepEqual([first, second], ['sam', 'fiona'])
})

test('an agent’s application that nobody configured may sign people in on loopback, and nowhere else', async () => {
  const ask = (redirect: string) => {
    const url = new URL('/auth', provider.issuer)
    url.search = new URLSearchParams({
      client_id: 'note-bot',
      response_type: 'code',
      redirect_uri: redirect,
      scope: 'openid',
      code_challenge: 'A'.repeat(43),
      code_challenge_method: 'S256',
    }).toString()
    return fetch(url, { redirect: 'manual' })
  }
  const loopback = await ask('http://127.0.0.1:5123/callback')
  assert.match(loopback.headers.get('location') ?? '', /\/choose\//)
  const elsewhere = await ask('https://evil.example/callback')
  assert.equal(elsewhere.status, 400)
})
