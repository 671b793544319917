import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { type TestContext, test } from 'node:test'
import { manualClock } from '../../platform/lib/clock.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { keyPair } from '../agents/testing.ts'
import { hs256, unsigned } from '../identity-providers/testing.ts'
import { resumeIssuer, revokeIssuer, setIssuerTerms, suspendIssuer } from './change-issuer.ts'
import { Introspections } from './introspection.ts'
import { type IssuerWorld, issuerWorld, trusted } from './testing.ts'
import { isSpiffeId } from './trusted-issuer.ts'

const by = 'operator'

forEachEngine('tokens of trusted issuers', (open) => {
  async function begin(t: TestContext) {
    const world = await issuerWorld(await open())
    t.after(() => world.end())
    return world
  }

  function check({ parts }: IssuerWorld, token: string, typ: readonly string[] = ['JWT', '']) {
    return parts.issuers.check(token, { use: 'workload', typ, audience: parts.issuer })
  }

  async function refusal(attempt: Promise<unknown>): Promise<string> {
    const error = await attempt.then(
      () => assert.fail('it was accepted'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof Problem, String(error))
    return error.code
  }

  const tokens = (asked: readonly string[]) => asked.filter((path) => path === '/jwks').length

  test('hold by the keys that the issuer publishes, and give subject and digest', async (t) => {
    const world = await begin(t)
    await trusted(world)
    const token = await world.token({ jti: 'j1', tenant: 'org_1' })
    const { claims, digest, issuer, subject } = await check(world, token)
    assert.deepEqual([issuer.name, subject, claims.tenant], ['cluster', 'agent/1', 'org_1'])
    const again = await check(world, await world.token({ jti: 'j1', iat: 1 + (claims.iat ?? 0) }))
    assert.equal(again.digest, digest, 'the same `jti` is the same token')
    const [without, with_] = [await world.token({ jti: undefined }), await world.token()]
    assert.notEqual((await check(world, without)).digest, (await check(world, with_)).digest)
    assert.equal(tokens(world.fake.asked), 1, 'keys are fetched once')
  })

  test('of an issuer that nobody registered are refused before anything is fetched', async (t) => {
    const world = await begin(t)
    const { parts } = world
    const never = async (claims: Record<string, unknown>, code = 'issuer.not_trusted') => {
      assert.equal(await refusal(check(world, await world.token(claims))), code)
      assert.deepEqual(world.fake.asked, [])
    }
    await never({})
    await trusted(world, { tenant: { claim: 'tenant', value: 'org_1' }, subjectPrefix: 'agent/' })
    await never({})
    await never({ tenant: 'org_2' })
    await never({ tenant: ['org_1'] })
    await never({ tenant: 'ORG_1' })
    for (const iss of [
      `${world.fake.issuer}/`,
      world.fake.issuer.toUpperCase(),
      [world.fake.issuer],
      '',
      undefined,
      'https://evil.example',
    ])
      await never({ iss, tenant: 'org_1' })
    const other = { use: 'id_jag', typ: ['JWT', ''], audience: parts.issuer } as const
    const token = await world.token({ tenant: 'org_1' })
    assert.equal(await refusal(parts.issuers.check(token, other)), 'issuer.not_trusted')
    const change = { name: 'cluster', by, reason: 'test' }
    await suspendIssuer(parts, change)
    await never({ tenant: 'org_1' }, 'issuer.suspended')
    await resumeIssuer(parts, change)
    await check(world, token)
    await revokeIssuer(parts, change)
    assert.equal(await refusal(check(world, token)), 'issuer.not_trusted')
  })

  test('end when the trust ends, by itself', async (t) => {
    const world = await begin(t)
    await trusted(world, { expiresAt: world.parts.clock.now() + 60_000 })
    const token = await world.token()
    await check(world, token)
    world.parts.clock.advance(60_000)
    assert.equal(await refusal(check(world, token)), 'issuer.expired')
  })

  test('are for us alone, young enough, of a subject that may be spoken of', async (t) => {
    const world = await begin(t)
    await trusted(world, { subjectPrefix: 'agent/', mostLifeSeconds: 600 })
    const now = Math.floor(world.parts.clock.now() / 1000)
    for (const [claims, code] of [
      [{ aud: 'https://evil.example' }, 'token.wrong_audience'],
      [{ aud: [world.parts.issuer, 'https://evil.example'] }, 'token.wrong_audience'],
      [{ aud: [] }, 'token.wrong_audience'],
      [{ aud: undefined }, 'token.wrong_audience'],
      [{ exp: now + 601 }, 'token.too_long_lived'],
      [{ exp: now }, 'token.expired'],
      [{ exp: undefined }, 'token.malformed'],
      // RFC 7519 section 2 allows a fraction; it is cut off.
      [{ exp: now + 0.5 }, 'token.expired'],
      [{ exp: '9999999999' }, 'token.malformed'],
      [{ exp: 1e308 }, 'token.malformed'],
      [{ iat: undefined }, 'token.malformed'],
      [{ iat: now + 60, exp: now + 120 }, 'token.not_yet_valid'],
      [{ nbf: now + 60 }, 'token.not_yet_valid'],
      [{ sub: undefined }, 'token.malformed'],
      [{ sub: ['agent/1'] }, 'token.malformed'],
      [{ sub: 'agent/\u0000' }, 'token.malformed'],
      [{ sub: `agent/${'x'.repeat(2048)}` }, 'token.malformed'],
      [{ sub: 'agent/' }, 'issuer.not_trusted'],
      [{ sub: 'Agent/1' }, 'issuer.not_trusted'],
      [{ sub: 'x/agent/1' }, 'issuer.not_trusted'],
      [{ jti: '' }, 'token.malformed'],
      [{ jti: 7 }, 'token.malformed'],
    ] as const)
      assert.equal(
        await refusal(check(world, await world.token(claims))),
        code,
        JSON.stringify(claims),
      )
    await check(world, await world.token({ aud: world.parts.issuer }))
  })

  test('T1, T3–T5: no other algorithm, key, type or form', async (t) => {
    const world = await begin(t)
    const { fake, parts } = world
    await trusted(world, { algorithms: ['ES256'] })
    const now = Math.floor(parts.clock.now() / 1000)
    const claims = { iss: fake.issuer, aud: parts.issuer, iat: now, exp: now + 60, sub: 'agent/1' }
    const spki = fake.publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const stranger = keyPair()
    const foreign = (header: object) =>
      fake.sign(claims, { ...header, kid: 'key-1' }, stranger.privateKey)
    const honest = await world.token()
    const [head = '', body = '', signature = ''] = honest.split('.')
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    for (const [token, code] of [
      [unsigned(claims), 'token.malformed'],
      [hs256(claims, spki), 'token.wrong_algorithm'],
      [await fake.sign(claims, { alg: 'RS256' }, rsa), 'token.wrong_algorithm'],
      [await foreign({}), 'token.bad_signature'],
      [await foreign({ jwk: stranger.jwk }), 'token.bad_signature'],
      [await foreign({ jku: 'https://evil.example/jwks' }), 'token.bad_signature'],
      [await world.token({}, { kid: 'no-such-key' }), 'token.unknown_key'],
      [await world.token({}, { kid: '__proto__' }), 'token.unknown_key'],
      [await world.token({}, { kid: 'k'.repeat(257) }), 'token.malformed'],
      [await world.token({}, { typ: 'at+jwt' }), 'token.wrong_type'],
      [await world.token({}, { typ: 'oauth-id-jag+jwt' }), 'token.wrong_type'],
      [await world.token({}, { typ: 'client-authentication+jwt' }), 'token.wrong_type'],
      [await world.token({}, { typ: 'dpop+jwt' }), 'token.wrong_type'],
      [`${head}.${body}.${signature}=`, 'token.malformed'],
      [`${head}.${body}.${signature}.`, 'token.malformed'],
      [`${head}.${body}.`, 'token.malformed'],
      [`${head}.${body}.${signature.slice(0, -2)}`, 'token.bad_signature'],
    ] as const)
      assert.equal(await refusal(check(world, token)), code, token.slice(0, 60))
    for (let i = 0; i < honest.length; i += 17) {
      const flipped = `${honest.slice(0, i)}${honest[i] === 'A' ? 'B' : 'A'}${honest.slice(i + 1)}`
      await refusal(check(world, flipped))
    }
    assert.ok(!fake.asked.some((path) => path.includes('evil')))
  })

  test('T2: whatever keys are asked for, the issuer is asked once per pause', async (t) => {
    const world = await begin(t)
    await trusted(world)
    await check(world, await world.token())
    const storm = async () => {
      for (let i = 0; i < 20; i++) {
        const strange = await world.token({}, { kid: `kid-${i}` })
        assert.equal(await refusal(check(world, strange)), 'token.unknown_key')
      }
    }
    await storm()
    assert.equal(tokens(world.fake.asked), 1)
    world.parts.clock.advance(30_000)
    await storm()
    assert.equal(tokens(world.fake.asked), 2)
  })

  test('metadata that names another issuer, or keys inside our network, leads nowhere', async (t) => {
    const world = await begin(t)
    await trusted(world)
    const { fake, parts } = world
    for (const [metadata, code] of [
      [{ issuer: `${fake.issuer}/` }, 'issuer.unreachable'],
      [{ issuer: 'https://evil.example' }, 'issuer.unreachable'],
      [{ jwks_uri: undefined }, 'issuer.unreachable'],
      [{ jwks_uri: 'http://169.254.169.254/keys' }, 'outbound.refused'],
      [{ jwks_uri: 'http://127.0.0.1:1/keys' }, 'outbound.refused'],
    ] as const) {
      fake.metadata = metadata
      parts.clock.advance(61 * 60_000)
      assert.equal(await refusal(check(world, await world.token())), code, JSON.stringify(metadata))
    }
    fake.metadata = {}
    assert.equal(
      await refusal(check(world, await world.token())),
      'outbound.refused',
      'a failure stands for a while, so that nobody can make us ask again and again',
    )
    parts.clock.advance(61 * 60_000)
    await check(world, await world.token())
  })

  test('keys that were given are never fetched, and those of two issuers are never merged', async (t) => {
    const world = await begin(t)
    const { fake, parts } = world
    const { privateKey, jwk } = keyPair()
    const given = { keys: { jwks: { keys: [{ ...jwk, kid: 'given' }] } } }
    await trusted(world, { name: 'given', issuer: 'https://given.example', ...given })
    await trusted(world)
    const now = Math.floor(parts.clock.now() / 1000)
    const signed = (iss: string, kid: string) =>
      fake.sign({ iss, aud: parts.issuer, sub: 'a', iat: now, exp: now + 60 }, { kid }, privateKey)
    const held = await check(world, await signed('https://given.example', 'given'))
    assert.equal(held.issuer.name, 'given')
    assert.deepEqual(fake.asked, [])
    for (const kid of ['given', 'key-1'])
      await refusal(check(world, await signed(fake.issuer, kid)))
    await refusal(check(world, await world.token({ iss: 'https://given.example' })))
    const terms = world.describe({ keys: { jwks: { keys: [{ ...keyPair().jwk, kid: 'new' }] } } })
    await setIssuerTerms(parts, { name: 'given', terms, by })
    assert.equal(
      await refusal(check(world, await signed('https://given.example', 'given'))),
      'token.unknown_key',
      'a key that was taken away counts no more',
    )
  })

  test('a JWT-SVID holds by the bundle of its trust domain, whatever its `iss` says', async (t) => {
    const world = await begin(t)
    const { fake, parts } = world
    const { privateKey, jwk } = keyPair()
    const bundle = { keys: { jwks: { keys: [{ ...jwk, kid: 'svid' }] } } }
    await trusted(world, { name: 'mesh', issuer: 'spiffe://prod.example', ...bundle })
    const now = Math.floor(parts.clock.now() / 1000)
    const svid = (claims: Record<string, unknown> = {}, header = {}) =>
      fake.sign(
        {
          sub: 'spiffe://prod.example/ns/agents/refunds',
          aud: [parts.issuer],
          exp: now + 300,
          ...claims,
        },
        { kid: 'svid', ...header },
        privateKey,
      )
    const of = async (claims: Record<string, unknown> = {}, header = {}) =>
      parts.issuers.checkSvid(await svid(claims, header), { audience: parts.issuer })
    for (const claims of [{}, { iss: 'https://evil.example' }, { iat: now }])
      assert.equal((await of(claims)).subject, 'spiffe://prod.example/ns/agents/refunds')
    for (const typ of ['JWT', 'JOSE']) await of({}, { typ })
    for (const [claims, header, code] of [
      [{ sub: 'spiffe://other.example/ns/agents/refunds' }, {}, 'issuer.not_trusted'],
      [{ sub: 'spiffe://prod.example' }, {}, 'token.malformed'],
      [{ sub: 'spiffe://prod.example/ns/../x' }, {}, 'token.malformed'],
      [{ sub: 'agent/1' }, {}, 'token.malformed'],
      [{ aud: 'https://evil.example' }, {}, 'token.wrong_audience'],
      [{ exp: undefined }, {}, 'token.malformed'],
      [{ exp: now + 100_000 }, {}, 'token.too_long_lived'],
      [{}, { typ: 'at+jwt' }, 'token.wrong_type'],
      [{}, { kid: 'other' }, 'token.unknown_key'],
    ] as const)
      assert.equal(await refusal(of(claims, header)), code, JSON.stringify(claims))
    // What is signed by an issuer of the other kind is none.
    await trusted(world)
    const other = await world.token({ sub: 'spiffe://prod.example/ns/agents/refunds' })
    assert.equal(
      await refusal(parts.issuers.checkSvid(other, { audience: parts.issuer })),
      'token.unknown_key',
    )
    assert.equal(await refusal(check(world, await svid({ iat: now }))), 'issuer.not_trusted')
  })
})

test('a SPIFFE ID of a workload is written one way', () => {
  for (const good of ['spiffe://a/b', 'spiffe://prod.example/ns/agents/sa/Refund_bot-1'])
    assert.ok(isSpiffeId(good), good)
  for (const bad of [
    'spiffe://a',
    'spiffe://a/',
    'spiffe:///b',
    'spiffe://A/b',
    'SPIFFE://a/b',
    'spiffe://a:8443/b',
    'spiffe://u@a/b',
    'spiffe://a/b/',
    'spiffe://a//b',
    'spiffe://a/./b',
    'spiffe://a/../b',
    'spiffe://a/b?c',
    'spiffe://a/b#c',
    'spiffe://a/%62',
    `spiffe://a/${'b'.repeat(2048)}`,
    42,
  ])
    assert.ok(!isSpiffeId(bad), String(bad))
})

test('a secret that cannot be opened keeps nobody from asking other servers', async () => {
  const introspections = new Introspections(manualClock())
  const shown = (token: string) => ({ token, from: undefined })
  const json = { headers: { 'content-type': 'application/json' } }
  const outbound = { fetch: async () => new Response('{"active":true}', json) }
  const locked = () => {
    throw new Error('it cannot be opened')
  }
  for (let i = 0; i < 100; i++)
    await assert.rejects(
      introspections.ask(locked, { name: 'one', outbound }, shown(`t${i}`)),
      /opened/,
    )
  const asked = { url: 'https://two.example/introspect', clientId: 'c', secret: 's' }
  const said = await introspections.ask(() => asked, { name: 'two', outbound }, shown('token'))
  assert.equal(said?.active, true)
})
