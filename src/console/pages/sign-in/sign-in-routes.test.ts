import assert from 'node:assert/strict'
import { test } from 'node:test'
import { registerProvider } from '../../../identity/identity-providers/index.ts'
import { createSetupLink, openSession, redeemCliCode } from '../../../identity/sessions/index.ts'
import { sha256url } from '../../../platform/lib/bytes.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { PROVIDER, testPages } from '../testing.ts'
import { hiddenFields } from '../visiting/testing.ts'

forEachEngine('signing in', (open) => {
  test('whoever is not signed in signs in first, and comes back', async () => {
    const pages = await testPages(await open())
    const sam = await pages.person('sam')
    const browser = pages.browser()
    const first = await browser.get('/tasks?x=1')
    assert.equal(first.statusCode, 303)
    assert.equal(first.headers.location, '/sign-in?return_to=%2Ftasks%3Fx%3D1')
    const onward = await browser.get(String(first.headers.location))
    assert.equal(onward.statusCode, 303)
    assert.match(String(onward.headers.location), new RegExp(`^${PROVIDER}/authorize`))
    const back = await browser.get(`/sign-in/callback?code=${sam.id}`)
    assert.equal(back.statusCode, 303)
    assert.equal(back.headers.location, '/tasks?x=1')
    const page = await browser.get('/tasks')
    assert.match(page.body, /Name of sam/)
    assert.equal(browser.cookie('remit_sign_in'), undefined)
  })

  test('signing in gives a new session and ends the one that was there', async () => {
    const pages = await testPages(await open())
    const sam = await pages.person('sam')
    const browser = await pages.browserOf(sam)
    const planted = browser.cookie('remit_session') ?? ''
    await browser.get('/sign-in')
    await browser.get(`/sign-in/callback?code=${sam.id}`)
    assert.notEqual(browser.cookie('remit_session'), planted)
    const other = pages.browser()
    other.setCookie('remit_session', planted)
    assert.equal((await other.get('/')).statusCode, 303)
  })

  test('who types an address is sent to the provider of its domain, and learns nothing else by it', async () => {
    const pages = await testPages(await open())
    const more = { clientId: 'remit', by: 'operator' } as const
    const [one, two] = ['https://one.example', 'https://two.example']
    const register = (issuer: string, name: string, domains: readonly string[]) =>
      registerProvider(pages.parts.people, { issuer, name, domains, ...more })
    await register(one ?? '', 'One', ['one.example', 'both.example'])
    await register(two ?? '', 'Two', ['two.example', 'both.example'])
    const browser = pages.browser()
    const { body } = await browser.get('/sign-in?return_to=/tasks')
    assert.match(body, /<form[^>]* method="post" action="\/sign-in"/)
    const type = (email: string) => browser.post('/sign-in', { email, return_to: '/tasks' })
    const sent = await type(' Sam@TWO.example ')
    assert.equal(sent.statusCode, 200)
    assert.match(
      sent.body,
      new RegExp(`<meta http-equiv="refresh" content="0; url=${two}/authorize`),
    )
    for (const nowhere of [
      'sam@other.example',
      'sam@both.example',
      'two.example',
      '',
      '@two.example',
      'a@b@two.example',
    ])
      assert.match((await type(nowhere)).body, /href="\/sign-in\?provider=/, nowhere)
    const refused = await browser.post(
      '/sign-in',
      { email: 'sam@two.example' },
      { origin: 'https://evil.example' },
    )
    assert.equal(refused.statusCode, 403)
    await assert.rejects(register(one ?? '', 'One', ['ONE.example']), {
      code: 'provider.bad_domain',
    })
  })

  test('where one provider does not answer the others are still there', async () => {
    const pages = await testPages(await open())
    const down = { issuer: 'https://down.example', name: 'Down', clientId: 'remit', by: 'operator' }
    await registerProvider(pages.parts.people, down)
    const page = await pages
      .browser()
      .get('/sign-in?provider=https%3A%2F%2Fdown.example&return_to=/tasks')
    assert.equal(page.statusCode, 502)
    assert.match(page.body, /Down cannot be reached right now/)
    assert.match(page.body, new RegExp(`href="/sign-in\\?provider=${encodeURIComponent(PROVIDER)}`))
  })

  test('with several providers the person chooses', async () => {
    const pages = await testPages(await open())
    await registerProvider(pages.parts.people, {
      issuer: 'https://other.example',
      name: 'Other <login>',
      clientId: 'remit',
      by: 'operator',
    })
    const page = await pages.browser().get('/sign-in?return_to=/tasks')
    assert.equal(page.statusCode, 200)
    assert.match(page.body, /Other &lt;login&gt;/)
    assert.match(
      page.body,
      /href="\/sign-in\?provider=https%3A%2F%2Fother\.example&amp;return_to=%2Ftasks"/,
    )
  })

  test('signing out ends the session, and only with the form of that session', async () => {
    const pages = await testPages(await open())
    const browser = await pages.browserOf(await pages.person('sam'))
    const token = browser.cookie('remit_session') ?? ''
    const form = hiddenFields((await browser.get('/')).body, '/sign-out')
    assert.equal((await browser.post('/sign-out', { csrf: 'x' })).statusCode, 403)
    const done = await browser.post('/sign-out', form)
    assert.equal(done.statusCode, 303)
    assert.equal(browser.cookie('remit_session'), undefined)
    browser.setCookie('remit_session', token)
    assert.equal((await browser.get('/')).statusCode, 303)
  })

  test('a session of the command line opens no page', async () => {
    const pages = await testPages(await open())
    const sam = await pages.person('sam')
    const { token } = await openSession(pages.parts.people, {
      personId: sam.id,
      kind: 'cli',
      authTime: pages.clock.now(),
    })
    const browser = pages.browser()
    browser.setCookie('remit_session', token.reveal())
    assert.equal((await browser.get('/')).statusCode, 303)
  })
})

forEachEngine('the setup link', (open) => {
  test('makes whoever signs in with it the first administrator, once', async () => {
    const pages = await testPages(await open())
    const ada = await pages.person('ada')
    const { token } = await createSetupLink(pages.parts.people)
    const address = `/setup/${token.reveal()}`
    const browser = pages.browser()
    for (let i = 0; i < 3; i++) {
      const page = await browser.get(address)
      assert.equal(page.statusCode, 200)
      assert.match(page.body, /Become the first administrator/)
    }
    const begun = await browser.post(address, { provider: PROVIDER })
    assert.equal(begun.statusCode, 200)
    assert.match(begun.body, new RegExp(`<meta http-equiv="refresh" content="0; url=${PROVIDER}`))
    await browser.get(`/sign-in/callback?code=${ada.id}`)
    assert.match((await browser.get('/')).body, /Set up Remit/)
    assert.equal(browser.cookie('remit_setup'), undefined)

    const late = pages.browser()
    assert.equal((await late.get(address)).statusCode, 410)
    const refused = await late.post(address, { provider: PROVIDER })
    assert.equal(refused.statusCode, 410)
    assert.match(refused.body, /setup\.link_invalid/)
  })

  test('is not used from another site, nor by looking at it', async () => {
    const pages = await testPages(await open())
    const { token } = await createSetupLink(pages.parts.people)
    const address = `/setup/${token.reveal()}`
    const browser = pages.browser()
    for (const headers of [{}, { origin: 'http://evil.test' }, { origin: 'null' }]) {
      const answer = await browser.post(address, { provider: PROVIDER }, headers)
      assert.equal(answer.statusCode, 403)
    }
    assert.equal(browser.cookie('remit_setup'), undefined)
    assert.equal((await browser.get(address)).statusCode, 200)
    assert.doesNotMatch(pages.http.logged(), new RegExp(token.reveal()))
  })
})

forEachEngine('the command line', (open) => {
  const VERIFIER = 'v'.repeat(43)
  const ASKED = {
    redirect_uri: 'http://127.0.0.1:49152/done',
    code_challenge: sha256url(VERIFIER),
    state: 'abc123',
  }
  const address = (change = {}) => `/cli?${new URLSearchParams({ ...ASKED, ...change })}`

  test('gets a code for a session after a person said so', async () => {
    const pages = await testPages(await open())
    const browser = await pages.browserOf(await pages.person('sam'))
    const page = await browser.get(address())
    assert.match(page.body, /127\.0\.0\.1:49152/)
    const done = await browser.post('/cli', hiddenFields(page.body, '/cli'))
    assert.equal(done.statusCode, 200)
    const to = /content="0; url=([^"]*)"/.exec(done.body)?.[1]?.replaceAll('&amp;', '&') ?? ''
    assert.match(to, /^http:\/\/127\.0\.0\.1:49152\/done\?code=[A-Za-z0-9_-]{43}&state=abc123$/)
    const code = new URL(to).searchParams.get('code') ?? ''
    const { session } = await redeemCliCode(pages.parts.people, {
      code,
      verifier: VERIFIER,
      redirectUri: ASKED.redirect_uri,
    })
    assert.equal(session.kind, 'cli')
  })

  test('cannot have the code sent anywhere but to this computer', async () => {
    const pages = await testPages(await open())
    const browser = await pages.browserOf(await pages.person('sam'))
    const { csrf = '' } = hiddenFields((await browser.get(address())).body, '/cli')
    for (const redirect_uri of [
      'https://evil.test:1/',
      'http://evil.test:1/',
      'http://127.0.0.1.evil.test:1/',
      'http://localhost:1/',
      'javascript:alert(1)',
      'http://127.0.0.1:1/?code=x',
    ]) {
      const answer = await browser.post('/cli', { ...ASKED, redirect_uri, csrf })
      assert.equal(answer.statusCode, 400, redirect_uri)
      assert.match(answer.body, /cli_code\.bad_request/)
    }
    assert.equal((await browser.get(address({ state: 'a b' }))).statusCode, 400)
  })
})
