import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CallFailed, Denied, SignInRequired, UsageError } from './errors.ts'
import { type RefreshTokens, SignIn, type SignInOptions } from './sign-in.ts'
import { type SentRequest, scripted } from './testing.ts'

const PROVIDER = 'https://idp.example/tenant'
const REDIRECT = 'http://127.0.0.1:7490/callback'
const DOCUMENT = {
  issuer: PROVIDER,
  authorization_endpoint: 'https://idp.example/authorize?x=1',
  token_endpoint: 'https://idp.example/token',
  authorization_response_iss_parameter_supported: true,
}

/** Gives refresh tokens that count once. */
function provider(given: { document?: object; instead?: () => Response } = {}) {
  const state = { nonce: '', current: 0 }
  const network = scripted(({ body, url }: SentRequest) => {
    if (url === `${PROVIDER}/.well-known/openid-configuration`)
      return Response.json({ ...DOCUMENT, ...given.document })
    assert.equal(url, DOCUMENT.token_endpoint)
    if (given.instead) return given.instead()
    const form = new URLSearchParams(String(body))
    const used = form.get('refresh_token')
    if (used !== null && used !== `r${state.current}`)
      return Response.json({ error: 'invalid_grant' }, { status: 400 })
    state.current++
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
    const id_token = `${part({ alg: 'none' })}.${part({ nonce: state.nonce })}.`
    return Response.json({ id_token, refresh_token: `r${state.current}` })
  })
  const signIn = (store: RefreshTokens, more: Partial<SignInOptions> = {}) =>
    new SignIn({ provider: PROVIDER, clientId: 'bot', store, fetch: network.fetch, ...more })
  return { network, signIn, state }
}

function memory(token?: string): RefreshTokens & { token: string | undefined } {
  return {
    token,
    get() {
      return this.token
    },
    set(next) {
      this.token = next
    },
  }
}

const formOf = ({ body }: SentRequest) => new URLSearchParams(String(body))

describe('a person who signs in at an agent’s application', () => {
  it('does so once, and each task gets a token of its own', async () => {
    const { network, signIn: make, state } = provider()
    const store = memory()
    const signIn = make(store, { clientSecret: 's' })
    const begun = await signIn.begin(REDIRECT, { prompt: 'consent' })
    const { searchParams: asked } = new URL(begun.url)
    assert.deepEqual(
      ['x', 'code_challenge_method', 'prompt'].map((name) => asked.get(name)),
      ['1', 'S256', 'consent'],
    )
    assert.ok(!begun.url.includes(begun.verifier))
    state.nonce = begun.nonce
    await signIn.finish(begun, `${REDIRECT}?code=c&state=${begun.state}&iss=${PROVIDER}`)
    const form = formOf(network.sent.at(-1) ?? assert.fail())
    assert.deepEqual(
      ['code', 'code_verifier', 'client_secret'].map((name) => form.get(name)),
      ['c', begun.verifier, 's'],
    )
    assert.equal(store.token, 'r1')
    await Promise.all(Array.from({ length: 5 }, () => signIn.idToken()))
    assert.equal(store.token, 'r6', 'one after the other')
    await signIn.end()
    await assert.rejects(signIn.idToken(), SignInRequired)
  })

  it('is not taken for somebody else', async () => {
    for (const came of [
      '',
      'code=c',
      'code=c&state=x&iss={p}',
      'code=c&state={s}',
      'code=c&state={s}&iss=https://other.example',
      'code=c&code=d&state={s}&iss={p}',
      'code=c&state={s}&state={s}&iss={p}',
    ]) {
      const { network, signIn: make, state } = provider()
      const store = memory()
      const signIn = make(store)
      const begun = await signIn.begin(REDIRECT)
      state.nonce = begun.nonce
      const query = came.replaceAll('{s}', begun.state).replaceAll('{p}', PROVIDER)
      await assert.rejects(signIn.finish(begun, `${REDIRECT}?${query}`), UsageError, came)
      assert.deepEqual(
        [store.token, network.sent.filter(({ method }) => method === 'POST').length],
        [undefined, 0],
      )
    }
    const { signIn: make } = provider()
    const store = memory()
    const signIn = make(store)
    const begun = await signIn.begin(REDIRECT)
    const answer = `state=${begun.state}&iss=${PROVIDER}`
    const other = signIn.finish(begun, `${REDIRECT}?code=c&${answer}`)
    await assert.rejects(other, UsageError, 'the nonce is another')
    const denied = signIn.finish(begun, `${REDIRECT}?error=x&error_description=not+today&${answer}`)
    await assert.rejects(denied, /sign_in\.required: .*not today/)
    assert.equal(store.token, undefined)
  })

  it('has to do so again when it was ended; what another process left is used', async () => {
    await assert.rejects(provider().signIn(memory('r9')).idToken(), SignInRequired)
    const { signIn, state } = provider()
    state.current = 5
    let looks = 0
    const shared = { get: () => (++looks === 1 ? 'r4' : 'r5'), set: () => {} }
    assert.ok(await signIn(shared).idToken())
  })

  it('loses nothing by an answer that cannot be read', async () => {
    for (const instead of [
      () => Response.json({ access_token: 'x' }),
      () => new Response(null, { status: 503 }),
      () => new Response(null, { status: 302, headers: { location: 'https://attacker.example' } }),
      () => new Response('invalid_grant', { status: 400 }),
    ]) {
      const store = memory('r0')
      await assert.rejects(provider({ instead }).signIn(store).idToken(), CallFailed)
      assert.equal(store.token, 'r0')
    }
    const instead = () => Response.json({ error: 'invalid_client' }, { status: 401 })
    await assert.rejects(provider({ instead }).signIn(memory('r0')).idToken(), (error) => {
      assert.ok(error instanceof Denied && !(error instanceof SignInRequired))
      assert.deepEqual([error.code, error.oauthError], ['sign_in.refused', 'invalid_client'])
      return true
    })
  })

  it('is sent to no other provider', async () => {
    for (const document of [
      { issuer: 'https://other.example' },
      { token_endpoint: 'http://idp.example/token' },
      { token_endpoint: undefined },
    ]) {
      const { network, signIn } = provider({ document })
      await assert.rejects(signIn(memory('r0')).idToken())
      assert.equal(network.sent.length, 1)
    }
  })
})
