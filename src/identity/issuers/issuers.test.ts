import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { Problem } from '../../platform/lib/problem.ts'
import { Secret } from '../../platform/lib/secret.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { CEILING, registered } from '../agents/testing.ts'
import { someone } from '../people/testing.ts'
import { suspendPerson } from '../sessions/index.ts'
import { addIssuer } from './add-issuer.ts'
import { resumeIssuer, revokeIssuer, setIssuerTerms, suspendIssuer } from './change-issuer.ts'
import { findIssuer, listIssuers } from './issuer-store.ts'
import type { IssuerDescription } from './read-issuer.ts'
import { issuerWorld, trusted } from './testing.ts'
import { issuerKey } from './trusted-issuer.ts'

const RULE = { name: 'ours', when: [{ claim: 'sub', prefix: 'agent/' }] }

function isProblem(code: string) {
  return (error: unknown) => error instanceof Problem && error.code === code
}

const SIGNING_JWK = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
  format: 'jwk',
})

forEachEngine('trusted issuers', (open) => {
  async function begin(t: { after: (fn: () => Promise<void>) => void }) {
    const world = await issuerWorld(await open())
    t.after(() => world.end())
    const { parts } = world
    const state = async (name: string) => {
      const { states } = await parts.live.view([issuerKey(name)])
      return { epoch: states[0]?.epoch ?? 0, state: states[0]?.state }
    }
    const change = { name: 'cluster', by: world.ada.id, reason: 'test' }
    return { world, parts, state, change, read: parts.storage.read }
  }

  test('are registered once, with all that decides what may come of them in the books', async (t) => {
    const { parts, read, state, world } = await begin(t)
    const issuer = await trusted(world, {
      tenant: { claim: 'tenant', value: 'org_1' },
      subjectPrefix: 'agent/',
      ceiling: CEILING,
      trust: 2,
      rules: [{ ...RULE, admit: { trust: 1, ceiling: CEILING, owner: world.ada.id } }],
      contact: 'ops@platform.example',
      expiresAt: parts.clock.now() + 1000,
    })
    assert.deepEqual(await findIssuer(read, 'cluster'), { ...issuer, sealedSecret: null })
    assert.deepEqual(await listIssuers(read), [issuer])
    assert.deepEqual(await state('cluster'), { epoch: 1, state: 'active' })
    const [record] = (await parts.recorded()).filter(({ type }) => type === 'issuer.trusted')
    assert.equal(record?.by, world.ada.id)
    assert.equal(record?.facts?.issuer, 'cluster')
    assert.deepEqual(record?.facts?.rules, issuer.rules)
    assert.ok(!JSON.stringify(record).includes('ops@'), 'whom to reach is nobody else’s business')
  })

  test('what is not clear is not trusted', async (t) => {
    const { parts, read, world } = await begin(t)
    const gone = await someone(parts, 'gone')
    await suspendPerson(parts, { personId: gone.id, by: 'operator', reason: 'test' })
    await registered(parts, world.ada)
    const admit = { trust: 1, ceiling: CEILING, owner: world.ada.id }
    const wrong: readonly (readonly [Partial<IssuerDescription>, string])[] = [
      [{ name: 'Cluster' }, 'issuer.bad'],
      ...[
        'cluster.example',
        'http://cluster.example',
        'https://cluster.example/?a',
        'https://cluster.example/#a',
        'https://user@cluster.example',
        'https://CLUSTER.example',
        'https://cluster.example/a/../b',
        parts.issuer,
        'spiffe://',
        'spiffe://Prod.example',
        'spiffe://prod.example/ns',
      ].map((issuer) => [{ issuer }, 'issuer.bad'] as const),
      [{ uses: [] }, 'issuer.bad'],
      [{ uses: ['workload', 'everything'] }, 'issuer.bad'],
      [{ uses: ['access_token'] }, 'issuer.bad'],
      [{ access: { provider: 'https://idp.example' } }, 'issuer.bad'],
      [{ algorithms: ['HS256'] }, 'issuer.bad'],
      [{ algorithms: ['none'] }, 'issuer.bad'],
      [{ algorithms: [] }, 'issuer.bad'],
      [{ keys: {} }, 'issuer.bad'],
      [{ keys: { discovery: true, jwks_uri: 'https://a.example/k' } }, 'issuer.bad'],
      [{ keys: { jwks_uri: 'http://a.example/k' } }, 'issuer.bad'],
      [{ keys: { spiffe_bundle: 'https://a.example/k' } }, 'issuer.bad'],
      [{ keys: { jwks: { keys: [] } } }, 'issuer.bad'],
      [{ keys: { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } } }, 'issuer.bad'],
      ...[
        { use: 'enc', alg: 'ECDH-ES', key_ops: ['deriveKey'] },
        { use: 'enc' },
        { key_ops: ['deriveKey'] },
        { key_ops: ['verify', 'verify'] },
        { alg: 'ECDH-ES' },
        { alg: 'RS256' },
      ].map(
        (said) =>
          [{ keys: { jwks: { keys: [{ ...SIGNING_JWK, ...said }] } } }, 'issuer.bad'] as const,
      ),
      [{ tenant: { claim: 'tenant', value: '' } }, 'issuer.bad'],
      [{ subjectPrefix: 'agent' }, 'issuer.bad'],
      [{ rules: [{ name: 'a', when: [], agent: 'refund-bot' }] }, 'issuer.bad'],
      [{ rules: [RULE] }, 'issuer.bad'],
      [{ rules: [{ ...RULE, agent: 'refund-bot', admit }] }, 'issuer.bad'],
      [{ rules: [{ ...RULE, agent: 'refund-bot', note: 'x' }] }, 'issuer.bad'],
      [
        {
          rules: [
            { ...RULE, agent: 'refund-bot' },
            { ...RULE, agent: 'refund-bot' },
          ],
        },
        'issuer.bad',
      ],
      [{ trust: 2, rules: [{ ...RULE, admit: { ...admit, trust: 3 } }] }, 'issuer.bad'],
      [{ trust: 2, rules: [{ ...RULE, agent: 'refund-bot' }] }, 'issuer.bad'],
      [{ rules: [{ ...RULE, agent: 'nobody' }] }, 'agent.unknown'],
      [{ rules: [{ ...RULE, admit: { ...admit, owner: gone.id } }] }, 'agent.bad_owner'],
      [{ ownerId: gone.id }, 'agent.bad_owner'],
      [{ trust: 4 }, 'agent.bad_trust'],
      [{ ceiling: 'everything' }, 'agent.bad_ceiling'],
      [{ mostAgents: -1 }, 'issuer.bad'],
      [{ mostLifeSeconds: 0 }, 'issuer.bad'],
      [{ expiresAt: parts.clock.now() }, 'issuer.bad'],
    ]
    for (const [over, code] of wrong)
      await assert.rejects(trusted(world, over), isProblem(code), JSON.stringify(over))
    await assert.rejects(
      addIssuer({ ...parts, loopback: false }, world.describe()),
      isProblem('issuer.bad'),
      'on this computer, where that is not allowed',
    )
    assert.deepEqual(await listIssuers(read), [])
  })

  test('a token matches one registration at most', async (t) => {
    const { change, parts, world } = await begin(t)
    const tenant = (value: string, claim = 'tenant') => ({ tenant: { claim, value } })
    await trusted(world, tenant('org_1'))
    await trusted(world, { name: 'other', ...tenant('org_2') })
    for (const over of [{}, tenant('org_1'), tenant('org_3', 'org')])
      await assert.rejects(
        trusted(world, { name: 'third', ...over }),
        isProblem('issuer.exists'),
        JSON.stringify(over),
      )
    // Two at once, of which neither sees the other.
    const both = await Promise.allSettled(
      ['third', 'fourth'].map((name) => trusted(world, { name, ...tenant('org_4') })),
    )
    assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1)
    await revokeIssuer(parts, change)
    await assert.rejects(
      trusted(world, tenant('org_1')),
      isProblem('issuer.exists'),
      'a name is never given out twice',
    )
    await trusted(world, { name: 'again', ...tenant('org_1') })
  })

  test('suspended, resumed and revoked: each act raises the epoch, and revoking is final', async (t) => {
    const { change, parts, state, world } = await begin(t)
    await trusted(world)
    assert.equal((await suspendIssuer(parts, change)).state, 'suspended')
    assert.deepEqual(await state('cluster'), { epoch: 2, state: 'suspended' })
    assert.equal((await resumeIssuer(parts, change)).state, 'active')
    assert.deepEqual(await state('cluster'), { epoch: 3, state: 'active' })
    assert.equal((await revokeIssuer(parts, change)).state, 'revoked')
    await revokeIssuer(parts, change)
    assert.deepEqual(await state('cluster'), { epoch: 5, state: 'ended' })
    for (const act of [suspendIssuer, resumeIssuer])
      await assert.rejects(act(parts, change), isProblem('issuer.final'))
    const { describe } = world
    await assert.rejects(
      setIssuerTerms(parts, { name: 'cluster', terms: describe(), by: 'x' }),
      isProblem('issuer.final'),
    )
    await assert.rejects(
      suspendIssuer(parts, { ...change, name: 'nobody' }),
      isProblem('issuer.unknown'),
    )
    const types = (await parts.recorded()).map(({ type }) => type)
    assert.deepEqual(
      types.filter((type) => type.startsWith('issuer.')),
      ['issuer.trusted', 'issuer.suspended', 'issuer.resumed', 'issuer.revoked'],
    )
  })

  test('its terms are set as a whole; its name, identifier and tenant stay', async (t) => {
    const { parts, read, state, world } = await begin(t)
    await trusted(world, { trust: 2, subjectPrefix: 'agent/', mostAgents: 5 })
    const terms = { ...world.describe(), trust: 1, name: 'else', issuer: 'https://else.example' }
    const changed = await setIssuerTerms(parts, { name: 'cluster', terms, by: 'psn_x' })
    assert.deepEqual(
      [changed.trust, changed.subjectPrefix, changed.mostAgents, changed.issuer],
      [1, null, 1000, world.fake.issuer],
    )
    assert.deepEqual(await listIssuers(read), [changed])
    assert.deepEqual(await state('cluster'), { epoch: 2, state: 'active' })
    await suspendIssuer(parts, { name: 'cluster', by: 'x', reason: 'test' })
    await setIssuerTerms(parts, { name: 'cluster', terms, by: 'x' })
    assert.equal((await state('cluster')).state, 'suspended', 'new terms resume nothing')
    assert.equal((await findIssuer(read, 'cluster'))?.state, 'suspended')
  })

  test('a secret is sealed, stays with the address that it was given for, and is shown to nobody', async (t) => {
    const { parts, read, world } = await begin(t)
    const asks = (url: string) => ({
      uses: ['access_token'],
      access: { provider: 'https://idp.example', introspection: { url, client_id: 'remit' } },
    })
    const here = `${world.fake.issuer}/introspect`
    await assert.rejects(trusted(world, asks(here)), isProblem('issuer.bad'))
    const secret = new Secret('very-secret-text')
    const added = await addIssuer(parts, { ...world.describe(asks(here)), secret })
    const stored = await findIssuer(read, 'cluster')
    assert.ok(stored?.sealedSecret)
    assert.ok(!Buffer.from(stored.sealedSecret).includes('very-secret-text'))
    assert.ok(!('sealedSecret' in added))
    const set = (over: Partial<IssuerDescription>, given?: Secret) =>
      setIssuerTerms(parts, {
        name: 'cluster',
        terms: world.describe(over),
        secret: given,
        by: 'x',
      })
    await set({ ...asks(here), trust: 1 })
    assert.deepEqual((await findIssuer(read, 'cluster'))?.sealedSecret, stored.sealedSecret)
    await assert.rejects(set(asks(`${here}/elsewhere`)), isProblem('issuer.bad'))
    await set(asks(`${here}/elsewhere`), secret)
    await set({})
    assert.equal((await findIssuer(read, 'cluster'))?.sealedSecret, null)
    assert.ok(!JSON.stringify(await parts.recorded()).includes('very-secret-text'))
  })
})
