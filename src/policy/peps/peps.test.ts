import assert from 'node:assert/strict'
import { test } from 'node:test'
import { jws, newKey, type TestKey } from '../../../test/signing.ts'
import { catalogParts, planOrders } from '../../catalog/testing.ts'
import { applyImport } from '../../catalog-changes/index.ts'
import { systemRandom } from '../../lib/random.ts'
import { Live, ORGANIZATION } from '../../revocation/index.ts'
import type { Storage } from '../../storage/index.ts'
import { forEachEngine, timedBy } from '../../storage/testing.ts'
import {
  addPep,
  addPepKey,
  addPepSecret,
  changePep,
  endPepCredential,
  revokePep,
} from './change-pep.ts'
import { Peps, type PresentedPep } from './identify-pep.ts'

const by = 'psn_ada'
const issuer = 'https://remit.example'
const UNAUTHENTICATED = { code: 'pep.unauthenticated' }

async function world(storage: Storage) {
  const parts = { ...(await catalogParts(storage)), random: systemRandom }
  await storage.transaction((tx) => parts.live.begin(tx, ORGANIZATION))
  await applyImport(parts, planOrders(), by)
  return { parts, peps: new Peps({ ...parts, issuer }) }
}

function secret(text: string, name?: string): PresentedPep {
  return { kind: 'secret', secret: text, ...(name === undefined ? {} : { name }) }
}

/** As the edge asks: what is at hand first. */
async function whoAsks(peps: Peps, presented: PresentedPep | undefined) {
  return peps.atHand(presented) ?? peps.identify(presented)
}

forEachEngine('enforcement points that ask', (open) => {
  test('one is known by its secret, with its settings, and the store holds no secret', async () => {
    const { parts, peps } = await world(await open())
    await addPep(parts, { name: 'edge', by, settings: { resources: ['orders'] } })
    const made = await addPepSecret(parts, { name: 'edge', by })
    const shown = made.secret.reveal()
    for (const presented of [secret(shown), secret(shown), secret(shown, 'edge')]) {
      const { pep, view } = await whoAsks(peps, presented)
      assert.deepEqual([pep.name, pep.mode, pep.resources], ['edge', 'task', ['orders']])
      assert.equal(pep.properties || pep.namesTasks || pep.takes, false, 'the least, unless said')
      assert.ok(parts.live.holds(view))
    }
    const rows = await parts.storage.read.selectFrom('pep_credentials').selectAll().execute()
    assert.ok(!JSON.stringify([rows, parts.events]).includes(shown.slice(4)))
  })

  test('what is no secret of one in use is nobody, and neither is one under another name', async () => {
    const { parts, peps } = await world(await open())
    await addPep(parts, { name: 'edge', by, settings: {} })
    await addPep(parts, { name: 'other', by, settings: {} })
    const { secret: made } = await addPepSecret(parts, { name: 'edge', by })
    const whole = made.reveal()
    await whoAsks(peps, secret(whole))
    for (const presented of [
      undefined,
      secret(''),
      secret('pep_'),
      secret(`${whole}A`),
      secret(`pep_${'A'.repeat(43)}`),
      secret(whole, 'other'),
      secret(whole, ''),
    ])
      await assert.rejects(whoAsks(peps, presented), UNAUTHENTICATED)
  })

  test('what was kept never outlives a revocation, other settings, or an ended credential', async () => {
    const { parts, peps } = await world(await open())
    await addPep(parts, { name: 'edge', by, settings: { namesTasks: true } })
    const first = await addPepSecret(parts, { name: 'edge', by })
    const second = await addPepSecret(parts, { name: 'edge', by })
    const [one, two] = [secret(first.secret.reveal()), secret(second.secret.reveal())]
    const before = await whoAsks(peps, one)
    assert.equal(before.pep.namesTasks, true)
    await whoAsks(peps, two)

    await changePep(parts, { name: 'edge', by, settings: {} })
    assert.equal(parts.live.holds(before.view), false, 'an answer under way is not given')
    assert.equal((await whoAsks(peps, one)).pep.namesTasks, false)

    await endPepCredential(parts, { name: 'edge', id: first.credential.id, by })
    await assert.rejects(whoAsks(peps, one), UNAUTHENTICATED)
    await whoAsks(peps, two)

    await revokePep(parts, { name: 'edge', by })
    await assert.rejects(whoAsks(peps, two), UNAUTHENTICATED)
    await assert.rejects(revokePep(parts, { name: 'edge', by }), { code: 'pep.unknown' })
    await assert.rejects(addPepSecret(parts, { name: 'edge', by }), { code: 'pep.unknown' })
    await assert.rejects(addPep(parts, { name: 'edge', by, settings: {} }), { code: 'pep.exists' })
    assert.deepEqual(
      parts.events.map(({ type }) => type).filter((type) => type.startsWith('pep.')),
      [
        'pep.added',
        'pep.credential_added',
        'pep.credential_added',
        'pep.changed',
        'pep.credential_ended',
        'pep.revoked',
      ],
    )
  })

  test('a revocation on one replica ends what another one kept', async () => {
    const { parts, peps } = await world(await open())
    await addPep(parts, { name: 'edge', by, settings: {} })
    const made = await addPepSecret(parts, { name: 'edge', by })
    const presented = secret(made.secret.reveal())
    const { clock, storage } = parts
    const other = new Live({ storage: timedBy(storage, clock), clock, random: systemRandom })
    await other.renew()
    const elsewhere = new Peps({ storage, clock, issuer, live: other })
    const known = await whoAsks(elsewhere, presented)
    // It answers when the other has acknowledged, which it does with its next renewal.
    await Promise.all([revokePep(parts, { name: 'edge', by }), renewSoon(other, storage)])
    assert.equal(other.holds(known.view), false)
    await assert.rejects(whoAsks(elsewhere, presented), UNAUTHENTICATED)
    await assert.rejects(whoAsks(peps, presented), UNAUTHENTICATED)
  })

  test('settings that mean nothing where they stand, or name what is not there, are refused', async () => {
    const { parts } = await world(await open())
    for (const settings of [
      { resources: ['nothing'] },
      { policySet: 'records' },
      { mode: 'policy-only' },
      { mode: 'policy-only', policySet: 'nothing' },
      { mode: 'policy-only', policySet: 'records', namesTasks: true },
    ] as const)
      await assert.rejects(addPep(parts, { name: 'edge', by, settings }), {
        code: 'pep.bad_settings',
      })
    await assert.rejects(addPep(parts, { name: 'Edge', by, settings: {} }), {
      code: 'pep.bad_settings',
    })
  })
})

forEachEngine('enforcement points that sign', (open) => {
  async function signing(alg?: 'ES256' | 'EdDSA') {
    const { parts, peps } = await world(await open())
    const key = await newKey(alg)
    await addPep(parts, { name: 'edge', by, settings: {} })
    const credential = await addPepKey(parts, { name: 'edge', by, jwk: key.publicJwk })
    const now = Math.floor(parts.clock.now() / 1000)
    const claims = { iss: 'edge', sub: 'edge', aud: issuer, iat: now, exp: now + 60 }
    const assertion = async (
      wrong: Readonly<Record<string, unknown>> = {},
      header: Readonly<Record<string, unknown>> = {},
      signer: TestKey = key,
    ): Promise<PresentedPep> => ({
      kind: 'assertion',
      jwt: await jws(signer, { typ: 'pep-authentication+jwt', ...header }, { ...claims, ...wrong }),
    })
    return { parts, peps, key, credential, assertion, now }
  }

  for (const alg of ['ES256', 'EdDSA'] as const) {
    test(`a JWT by a registered ${alg} key is good until it expires, also a second time`, async () => {
      const { assertion, parts, peps } = await signing(alg)
      const presented = await assertion()
      assert.equal((await whoAsks(peps, presented)).pep.name, 'edge')
      assert.equal((await whoAsks(peps, presented)).pep.name, 'edge')
      assert.ok(advance(parts.clock, 61_000))
      await parts.live.renew()
      await assert.rejects(whoAsks(peps, presented), UNAUTHENTICATED)
    })
  }

  test('anything else in it is nobody', async () => {
    const { assertion, now, parts, peps } = await signing()
    await addPep(parts, { name: 'other', by, settings: {} })
    const stranger = await newKey()
    for (const presented of [
      await assertion({}, { typ: 'JWT' }),
      await assertion({}, { typ: 'client-authentication+jwt' }),
      await assertion({}, { kid: 'another' }),
      await assertion({}, {}, stranger),
      await assertion({ aud: 'https://elsewhere.example' }),
      await assertion({ aud: [issuer, 'https://elsewhere.example'] }),
      await assertion({ iss: 'other', sub: 'other' }),
      await assertion({ sub: 'other' }),
      await assertion({ exp: now - 1 }),
      await assertion({ exp: now + 301 }),
      await assertion({ exp: undefined }),
      await assertion({ iat: now + 60, exp: now + 120 }),
      { kind: 'assertion', jwt: 'a.b.c' } as const,
      { kind: 'assertion', jwt: '' } as const,
    ])
      await assert.rejects(whoAsks(peps, presented), UNAUTHENTICATED)
    await whoAsks(peps, await assertion())
  })

  test('a key that was ended has signed nothing, and belongs to one only', async () => {
    const { assertion, credential, key, parts, peps } = await signing()
    const presented = await assertion()
    await whoAsks(peps, presented)
    await endPepCredential(parts, { name: 'edge', id: credential.id, by })
    await assert.rejects(whoAsks(peps, presented), UNAUTHENTICATED)
    for (const jwk of [key.publicJwk, key.privateJwk, {}, null, 'key'])
      await assert.rejects(addPepKey(parts, { name: 'edge', by, jwk }), { code: 'pep.bad_key' })
  })
})

function advance(clock: object, ms: number): boolean {
  if (!('advance' in clock) || typeof clock.advance !== 'function') return false
  clock.advance(ms)
  return true
}

/** Renews until the change has been seen: what the loop of a replica does. */
async function renewSoon(live: Live, storage: Storage): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    await live.renew()
    const rows = await storage.read.selectFrom('peps').select('revoked_at').execute()
    if (rows.some(({ revoked_at }) => revoked_at !== null)) break
  }
  await live.renew()
}
