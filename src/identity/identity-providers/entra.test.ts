import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { outbound } from '../../platform/net/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { createGroup } from '../people/create-group.ts'
import { testPeople } from '../people/testing.ts'
import { mapGroup } from './map-group.ts'
import { Providers } from './providers.ts'
import { registerProvider } from './register-provider.ts'
import { fakeProvider } from './testing.ts'

const by = 'operator'
const ends: (() => Promise<void>)[] = []
after(async () => {
  for (const end of ends) await end()
})

/**
 * Claims that say where the groups are, when they are too many for a token (OpenID Connect Core
 * 5.6.2).
 */
const overage = (at: string) => ({
  _claim_names: { groups: 'src1' },
  _claim_sources: { src1: { endpoint: `${at}/users/sam/getMemberObjects` } },
})

/** No registration of clients, no document of RFC 8414, no `resource`, a userinfo endpoint that says little. */
forEachEngine('a provider with the habits of Entra', (open) => {
  async function ready(groupsClaim: string) {
    const fake = await fakeProvider()
    ends.push(fake.close)
    fake.userinfo = { sub: 'sam', name: 'Sam' }
    const parts = await testPeople(await open(), manualClock(Date.now()))
    const providers = new Providers(parts, outbound)
    ends.push(() => providers.close())
    const { issuer } = fake
    await registerProvider(parts, {
      ...{ issuer, name: 'Entra', clientId: 'remit', groupsClaim, allowLoopback: true, by },
    })
    await createGroup(parts, { name: 'support', description: '', by })
    await mapGroup(parts, { issuer, value: 'Remit.Support', group: 'support', by })
    const begin = () => providers.begin({ issuer, returnTo: '/' })
    const signIn = async (claims: object) => {
      const { cookie, url } = await begin()
      const asked = new URL(url).searchParams
      const iat = Math.floor(parts.clock.now() / 1000)
      fake.idToken = () =>
        fake.sign({
          ...{ iss: issuer, aud: 'remit', sub: 'sam', iat, exp: iat + 60 },
          nonce: asked.get('nonce'),
          ...claims,
        })
      const state = asked.get('state') ?? ''
      const back = new URLSearchParams({ code: 'c', state, iss: issuer })
      return providers.complete(`/sign-in/callback?${back}`, cookie.reveal())
    }
    return { begin, fake, signIn }
  }

  test('is found by its openid-configuration alone, and asked for nothing that it refuses', async () => {
    const { begin, fake } = await ready('roles')
    const asked = new URL((await begin()).url).searchParams
    assert.deepEqual(fake.asked, ['/.well-known/openid-configuration'])
    assert.equal(asked.has('resource'), false)
    assert.equal(asked.get('scope'), 'openid profile email')
  })

  test('with one document for all tenants is not used: any tenant could then sign people in', async () => {
    const { begin, fake } = await ready('roles')
    fake.metadata = { issuer: `${fake.issuer}/{tenantid}/v2.0` }
    await assert.rejects(begin(), { code: 'provider.unreachable' })
  })

  test('says roles of the application, and those are mapped like groups', async () => {
    const { signIn } = await ready('roles')
    const { person } = await signIn({ roles: ['Remit.Support', 'Other'] })
    assert.deepEqual(person.groups, ['support'])
  })

  test('with too many groups to say them says none, and nobody goes to where the token points', async () => {
    const { fake, signIn } = await ready('groups')
    assert.deepEqual((await signIn({ groups: ['Remit.Support'] })).person.groups, ['support'])
    const { person } = await signIn(overage(fake.issuer))
    assert.deepEqual(person.groups, [], 'what was known before does not stay')
    const places = new Set(fake.asked.map((path) => path.split('?')[0]))
    const own = ['/.well-known/openid-configuration', '/jwks', '/token', '/userinfo']
    assert.deepEqual([...places].toSorted(), own)
  })
})
