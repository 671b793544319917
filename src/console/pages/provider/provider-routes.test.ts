import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { Providers, type TriedSignIn } from '../../../identity/identity-providers/index.ts'
import { registerProvider } from '../../../identity/identity-providers/register-provider.ts'
import { fakeProvider } from '../../../identity/identity-providers/testing.ts'
import { testPeople } from '../../../identity/people/testing.ts'
import { manualClock } from '../../../platform/lib/clock.ts'
import { outbound } from '../../../platform/net/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { textContent } from '../frame/testing.ts'
import { testPages } from '../testing.ts'
import { showTried } from './provider-routes.ts'

const ends: (() => Promise<void>)[] = []
after(async () => {
  for (const end of ends) await end()
})

forEachEngine('trying an identity provider', (open) => {
  test('shows what it says and what is made of it, and keeps nothing', async () => {
    const fake = await fakeProvider()
    ends.push(fake.close)
    const parts = await testPeople(await open(), manualClock(Date.now()))
    const providers = new Providers(parts, outbound)
    ends.push(() => providers.close())
    const attributes = { department: 'dept', level: 'lvl' }
    await registerProvider(parts, {
      ...{ issuer: fake.issuer, name: 'Fake', clientId: 'remit', attributes },
      ...{ allowLoopback: true, by: 'operator' },
    })
    const attempt = async (claims: object): Promise<TriedSignIn> => {
      const begun = { issuer: fake.issuer, returnTo: '/providers', triedBy: 'psn_ada' }
      const { cookie, url } = await providers.begin(begun)
      const asked = new URL(url).searchParams
      const iat = Math.floor(parts.clock.now() / 1000)
      fake.idToken = () =>
        fake.sign({
          ...{ iss: fake.issuer, aud: 'remit', sub: 'sam', iat, exp: iat + 60 },
          ...{ nonce: asked.get('nonce'), ...claims },
        })
      const back = new URLSearchParams({
        code: 'c',
        state: asked.get('state') ?? '',
        iss: fake.issuer,
      })
      const done = await providers.finish(`/sign-in/callback?${back}`, cookie.reveal())
      assert.ok('triedBy' in done)
      return done
    }
    const tried = await attempt({ name: 'Sam', groups: ['a', 'b'], dept: 'Sales', lvl: 2 })
    assert.equal(tried.triedBy, 'psn_ada')
    assert.deepEqual(tried.profile?.attributes, { department: 'Sales', level: 2 })
    assert.deepEqual([tried.groups, tried.unmapped], [[], ['a', 'b']])
    assert.equal(tried.claims.dept, 'Sales')
    const wrong = await attempt({ name: 'Sam', groups: [], dept: 'Sales', lvl: '2' })
    assert.match(String(wrong.mistake), /`lvl` is no whole number/)
    const { read } = parts.storage
    assert.deepEqual(await read.selectFrom('persons').selectAll().execute(), [])
    assert.deepEqual(await read.selectFrom('sessions').selectAll().execute(), [])
  })

  test('is for administrators, and its end for the one who began', async () => {
    const pages = await testPages(await open())
    const ada = await pages.person('ada', 'administrators')
    const sam = await pages.person('sam')
    const asSam = await pages.browserOf(sam)
    const refused = await asSam.get('/providers')
    assert.equal(refused.statusCode, 403)
    assert.match(refused.body, /for administrators/)
    assert.equal((await asSam.get('/sign-in?try=yes&provider=https://idp.example')).statusCode, 404)
    const asAda = await pages.browserOf(ada)
    assert.match(textContent((await asAda.get('/providers')).body), /Try a sign-in/)
    assert.equal((await asAda.get('/sign-in?try=yes&provider=https://idp.example')).statusCode, 303)
    const tried: TriedSignIn = {
      ...{ issuer: 'https://idp.example', returnTo: '/', triedBy: ada.id, mistake: undefined },
      claims: { sub: 's', _claim_names: { groups: 'src1' }, name: '<b>' },
      ...{ profile: undefined, groups: [], unmapped: [] },
    }
    const as = (person: typeof ada, administrator: boolean) => ({
      ...{ person, administrator },
      ...{
        session: undefined as never,
        viewer: { name: 'x', csrf: 'c', administrator, waiting: 0 },
      }, // not looked at
    })
    const shown = await showTried(pages.parts, as(ada, true), tried)
    assert.match(textContent(shown), /Some claims are somewhere else/)
    assert.doesNotMatch(shown, /<b>/)
    for (const other of [undefined, as(sam, true), as(ada, false)])
      await assert.rejects(showTried(pages.parts, other, tried), { code: 'request.not_found' })
  })
})
