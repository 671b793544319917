import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jws, newKey, type TestKey } from '../../../test/signing.ts'
import { countVerified } from '../../platform/jose/testing.ts'
import { ORGANIZATION } from '../../platform/revocation/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { ClientAuthenticator } from './authenticator.ts'
import { addClient, removeClient } from './change-client.ts'
import type { PresentedClient } from './presented.ts'
import { addClientKey, endCredential } from './rotate.ts'
import { advance, clientParts, clientWith } from './testing.ts'

const by = 'psn_ada'
const issuer = 'https://remit.example'
const UNAUTHENTICATED = { code: 'client.unauthenticated' }

forEachEngine('machine clients that sign', (open) => {
  async function signing(alg?: 'ES256' | 'EdDSA') {
    const storage = await open()
    const parts = await clientParts(storage)
    await storage.transaction((tx) => parts.live.begin(tx, ORGANIZATION))
    const clients = new ClientAuthenticator({ ...parts, issuer })
    const key = await newKey(alg)
    const jwk = key.publicJwk
    const { credential } = await addClient(parts, {
      id: 'edge',
      kind: 'pep',
      settings: {},
      by,
      jwk,
    })
    const now = Math.floor(parts.clock.now() / 1000)
    let made = 0
    const assertion = async (
      wrong: Readonly<Record<string, unknown>> = {},
      header: Readonly<Record<string, unknown>> = {},
      signer: TestKey = key,
    ): Promise<PresentedClient> => {
      const claims = {
        iss: 'edge',
        sub: 'edge',
        aud: issuer,
        iat: now,
        exp: now + 60,
        jti: `j${made++}`,
      }
      return {
        kind: 'assertion',
        jwt: await jws(
          signer,
          { typ: 'client-authentication+jwt', ...header },
          { ...claims, ...wrong },
        ),
      }
    }
    const whoAsks = (presented: PresentedClient) => clients.authenticate(presented, 'evaluations')
    return { parts, clients, key, credential, assertion, now, whoAsks }
  }

  test('W9: one signature is verified whether there is such a client or not, whatever its keys are', async () => {
    const { assertion, clients } = await signing()
    for (const claims of [{}, { iss: 'nobody', sub: 'nobody' }])
      for (const alg of ['ES256', 'EdDSA'] as const)
        for (const header of [{}, { kid: 'other' }]) {
          const shown = await assertion(claims, header, await newKey(alg))
          const refused = () =>
            assert.rejects(clients.authenticate(shown, 'evaluations'), UNAUTHENTICATED)
          assert.equal(await countVerified(refused), 1, `${JSON.stringify(claims)} ${alg}`)
        }
  })

  for (const alg of ['ES256', 'EdDSA'] as const) {
    test(`a JWT by a registered ${alg} key counts once, until it expires`, async () => {
      const { assertion, clients, parts, whoAsks } = await signing(alg)
      const presented = await assertion()
      assert.equal(clients.atHand(presented, 'evaluations'), undefined)
      await clients.glance(presented, 'evaluations')
      assert.equal((await whoAsks(presented)).client.id, 'edge')
      await assert.rejects(whoAsks(presented), UNAUTHENTICATED)
      for (const typ of ['JWT', undefined]) await whoAsks(await assertion({}, { typ }))
      const late = await assertion()
      assert.ok(advance(parts.clock, 61_000))
      await parts.live.renew()
      await assert.rejects(whoAsks(late), UNAUTHENTICATED)
    })
  }

  test('of two at once with the same `jti`, one counts', async () => {
    const { assertion, whoAsks } = await signing()
    const presented = await assertion()
    const both = await Promise.allSettled([whoAsks(presented), whoAsks(presented)])
    assert.deepEqual(both.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  })

  test('anything else in it is nobody', async () => {
    const { assertion, now, parts, whoAsks } = await signing()
    await clientWith(parts, 'other', 'pep', {})
    const stranger = await newKey()
    for (const presented of [
      await assertion({}, { typ: 'pep-authentication+jwt' }),
      await assertion({}, { typ: 'dpop+jwt' }),
      await assertion({}, { typ: 'at+jwt' }),
      await assertion({}, { kid: 'another' }),
      await assertion({}, {}, stranger),
      await assertion({ aud: 'https://elsewhere.example' }),
      await assertion({ aud: [issuer, 'https://elsewhere.example'] }),
      await assertion({ aud: [issuer] }),
      await assertion({ iss: 'other', sub: 'other' }),
      await assertion({ sub: 'other' }),
      await assertion({ exp: now - 1 }),
      await assertion({ exp: now + 301 }),
      await assertion({ exp: undefined }),
      await assertion({ iat: now + 60, exp: now + 120 }),
      await assertion({ jti: undefined }),
      await assertion({ jti: '' }),
      { kind: 'assertion', jwt: 'a.b.c' } as const,
      { kind: 'assertion', jwt: '' } as const,
    ])
      await assert.rejects(whoAsks(presented), UNAUTHENTICATED)
    await whoAsks(await assertion())
  })

  test('one for a right that its kind has not is refused, and not used up', async () => {
    const { assertion, clients, whoAsks } = await signing()
    const presented = await assertion()
    await assert.rejects(clients.authenticate(presented, 'signals'), UNAUTHENTICATED)
    await whoAsks(presented)
  })

  test('a key that was ended has signed nothing, and belongs to one only', async () => {
    const { assertion, credential, key, parts, whoAsks } = await signing()
    await whoAsks(await assertion())
    const other = await newKey('EdDSA')
    const second = await addClientKey(parts, {
      id: 'edge',
      by,
      jwk: { ...other.publicJwk, kid: 'two' },
    })
    await whoAsks(await assertion({}, { kid: 'two' }, other))
    await whoAsks(await assertion({}, { kid: key.thumbprint }))
    await assert.rejects(whoAsks(await assertion()), UNAUTHENTICATED, 'which of the two keys it is')
    await endCredential(parts, { id: 'edge', credential: credential.id, by })
    await assert.rejects(whoAsks(await assertion({}, { kid: key.thumbprint })), UNAUTHENTICATED)
    for (const jwk of [key.publicJwk, key.privateJwk, {}, null, 'key'])
      await assert.rejects(addClientKey(parts, { id: 'edge', by, jwk }), { code: 'client.bad_key' })
    assert.equal(second.kid, 'two')
    await removeClient(parts, { id: 'edge', by })
    await assert.rejects(whoAsks(await assertion({}, {}, other)), UNAUTHENTICATED)
  })

  test('as many keys as eight are in use at once', async () => {
    const { parts } = await signing()
    for (let i = 1; i < 8; i++)
      await addClientKey(parts, { id: 'edge', by, jwk: (await newKey('EdDSA')).publicJwk })
    const ninth = addClientKey(parts, { id: 'edge', by, jwk: (await newKey('EdDSA')).publicJwk })
    await assert.rejects(ninth, { code: 'client.too_many_credentials' })
  })
})
