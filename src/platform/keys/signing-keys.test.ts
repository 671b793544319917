import assert from 'node:assert/strict'
import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto'
import { test } from 'node:test'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { verifySignature } from '../jose/signature.ts'
import { base64url } from '../lib/bytes.ts'
import { manualClock } from '../lib/clock.ts'
import { systemRandom } from '../lib/random.ts'
import { Secret } from '../lib/secret.ts'
import { HOUR, MINUTE } from '../lib/time-units.ts'
import type { Storage } from '../storage/index.ts'
import { forEachEngine } from '../storage/testing.ts'
import { openMasterKey } from './master-key.ts'
import { signJwt } from './sign-jwt.ts'
import { makeKey, type StoredKey } from './signing-key.ts'
import { readSigningKeys } from './signing-key-store.ts'
import { announceKeys, loadSigningKeys, rotateTokensKey } from './signing-keys.ts'
import { withdrawTokensKey } from './withdraw-key.ts'

const random = systemRandom
const newMaster = () =>
  openMasterKey({ directory: '/nowhere', value: new Secret(base64url(random.bytes(32))), random })
const master = await newMaster()

function newKey(clock: ReturnType<typeof manualClock>): StoredKey {
  return makeKey('tokens', master, random, clock.now())
}

function rotate(storage: Storage, clock: ReturnType<typeof manualClock>) {
  return storage.transaction((tx) => rotateTokensKey(tx, clock, newKey(clock)))
}

forEachEngine('signing keys', (open) => {
  const start = async () => {
    const storage = await open()
    const clock = manualClock()
    return { storage, clock, keys: await loadSigningKeys({ storage, master, clock, random }) }
  }

  test('the first start makes one key for tokens and one for the ledger, and the next start uses them', async () => {
    const { storage, clock, keys } = await start()
    const again = await loadSigningKeys({ storage, master, clock, random })
    assert.equal(again.tokens.kid, keys.tokens.kid)
    assert.equal(again.ledger.kid, keys.ledger.kid)
    assert.notEqual(keys.tokens.kid, keys.ledger.kid)
    assert.deepEqual([keys.tokens.alg, keys.ledger.alg], ['ES256', 'Ed25519'])
  })

  test('replicas that start at once on an empty store share their keys', async () => {
    const storage = await open()
    const clock = manualClock()
    const all = await Promise.all(
      Array.from({ length: 4 }, () => loadSigningKeys({ storage, master, clock, random })),
    )
    assert.equal(new Set(all.map((keys) => keys.tokens.kid)).size, 1)
    assert.equal(new Set(all.map((keys) => keys.ledger.kid)).size, 1)
  })

  test('no private key is in the store in any form, and none is published', async () => {
    const { storage, keys } = await start()
    const rows = await storage.read.selectFrom('signing_keys').selectAll().execute()
    assert.equal(rows.length, 2)
    const dump = Buffer.concat(
      rows.flatMap((row) =>
        Object.values(row).map((value) =>
          Buffer.from(value instanceof Uint8Array ? value : String(value)),
        ),
      ),
    )
    for (const row of rows) {
      const plain = Buffer.from(master.open(row.sealed, `signing_keys/${row.purpose}/${row.kid}`))
      const { d } = createPrivateKey({ key: plain, type: 'pkcs8', format: 'der' }).export({
        format: 'jwk',
      })
      const scalar = Buffer.from(String(d), 'base64url')
      for (const form of [scalar, String(d), scalar.toString('hex'), scalar.toString('base64')]) {
        assert.ok(!dump.includes(form))
        assert.ok(!JSON.stringify(keys.jwks()).includes(String(form)))
      }
    }
    assert.deepEqual(keys.jwks().keys.flatMap(Object.keys), [
      'kty',
      'crv',
      'x',
      'y',
      'kid',
      'alg',
      'use',
    ])
  })

  test('a sealed key that was put into another row is refused', async () => {
    const { storage, clock } = await start()
    await storage.transaction(async (tx) => {
      const other = await tx
        .selectFrom('signing_keys')
        .select('sealed')
        .where('purpose', '=', 'ledger')
        .executeTakeFirstOrThrow()
      await tx.updateTable('signing_keys').set(other).where('purpose', '=', 'tokens').execute()
    })
    await assert.rejects(loadSigningKeys({ storage, master, clock, random }), {
      code: 'keys.cannot_open',
    })
  })

  test('a public key that was put into the row of another is refused', async () => {
    const { storage, clock } = await start()
    const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({
      format: 'jwk',
    })
    await storage.transaction(async (tx) => {
      const theirs = { public_jwk: JSON.stringify(jwk) }
      await tx.updateTable('signing_keys').set(theirs).where('purpose', '=', 'tokens').execute()
    })
    await assert.rejects(loadSigningKeys({ storage, master, clock, random }), {
      code: 'keys.cannot_open',
    })
  })

  test('with another master key the start is refused, and no new keys are made', async () => {
    const { storage, clock } = await start()
    const options = { storage, master: await newMaster(), clock, random }
    await assert.rejects(loadSigningKeys(options), { code: 'keys.cannot_open' })
    assert.equal((await storage.read.selectFrom('signing_keys').select('kid').execute()).length, 2)
  })

  test('tokens verify with the published JWKS; the ledger key is not among them', async () => {
    const { keys, clock } = await start()
    const iat = clock.now() / 1000
    const token = await signJwt(keys.tokens, { typ: 'at+jwt', claims: { iat, exp: iat + 60 } })
    await jwtVerify(token, createLocalJWKSet(keys.jwks()), { currentDate: new Date(clock.now()) })
    assert.ok(keys.find(keys.tokens.kid))
    assert.equal(keys.find(keys.ledger.kid), undefined)
    assert.equal(keys.find('key_unknown'), undefined)
    assert.equal(keys.find(undefined), undefined)
  })

  test('the ledger key signs raw Ed25519 signatures that its public JWK verifies', async () => {
    const { keys } = await start()
    const data = Buffer.from('note')
    const key = createPublicKey({ key: { ...keys.ledger.publicJwk }, format: 'jwk' })
    assert.ok(await verifySignature('Ed25519', key, data, await keys.ledger.sign(data)))
  })

  test('a new key is published before it signs, and the old one stays until its last token has expired', async () => {
    const { storage, clock, keys } = await start()
    const old = keys.tokens.kid
    const { kid, signsFrom } = await rotate(storage, clock)
    await keys.refresh()
    const published = () => keys.jwks().keys.map((key) => key.kid)

    assert.equal(signsFrom, clock.now() + 10 * MINUTE)
    assert.equal(keys.tokens.kid, old)
    assert.deepEqual(published(), [old, kid])
    clock.advance(10 * MINUTE - 1)
    assert.equal(keys.tokens.kid, old)
    clock.advance(1)
    assert.equal(keys.tokens.kid, kid)
    clock.advance(24 * HOUR + 20_000 - 1) // and clocks that differ
    assert.deepEqual(published(), [old, kid])
    assert.ok(keys.find(old))
    clock.advance(1)
    assert.deepEqual(published(), [kid])
    assert.equal(keys.find(old), undefined)
    assert.equal(keys.tokens.kid, kid)
  })

  test('during a rotation another one is refused', async () => {
    const { storage, clock } = await start()
    const results = await Promise.allSettled([rotate(storage, clock), rotate(storage, clock)])
    assert.deepEqual(results.map((result) => result.status).toSorted(), ['fulfilled', 'rejected'])
    await assert.rejects(rotate(storage, clock), { code: 'keys.rotation_under_way' })
    clock.advance(10 * MINUTE)
    await rotate(storage, clock)
  })

  test('a replica that read its keys in time never meets a token it cannot verify, over many rotations', async () => {
    const { storage, clock, keys: signer } = await start()
    const verifier = await loadSigningKeys({ storage, master, clock, random })
    for (let step = 0; step < 60; step++) {
      if (step % 3 === 0) await rotate(storage, clock).catch(() => {})
      // each follows the store every 5 minutes, at different moments
      if (step % 2 === 0) await signer.refresh()
      else await verifier.refresh()
      clock.advance(2.5 * MINUTE)
      assert.ok(verifier.find(signer.tokens.kid), `step ${step}`)
    }
  })

  test('a rotation is announced, and who listens reads it', async () => {
    const { storage, clock, keys } = await start()
    const { kid } = await rotate(storage, clock)
    announceKeys(storage)
    // every trip to the store gives the announcement time to arrive
    for (let i = 0; i < 500 && !keys.find(kid); i++) await storage.transaction(readSigningKeys)
    assert.ok(keys.find(kid))
    keys.close()
  })

  const withdraw = async (
    storage: Storage,
    clock: ReturnType<typeof manualClock>,
    kid: string,
    spare: StoredKey | undefined = newKey(clock),
  ) => {
    const { replaced } = await storage.transaction((tx) =>
      withdrawTokensKey(tx, clock, { kid, spare }),
    )
    return { made: replaced ? spare?.kid : undefined }
  }

  test('a withdrawn key is gone with its private half, and another signs at once', async () => {
    const { storage, clock, keys } = await start()
    const old = keys.tokens.kid
    const { made } = await withdraw(storage, clock, old)
    await keys.refresh()
    assert.equal(keys.tokens.kid, made)
    assert.equal(keys.find(old), undefined)
    assert.deepEqual(
      keys.jwks().keys.map(({ kid }) => kid),
      [made],
    )
    const rows = await storage.read.selectFrom('signing_keys').select('kid').execute()
    assert.ok(!rows.some(({ kid }) => kid === old))
    await assert.rejects(withdraw(storage, clock, old), { code: 'keys.unknown' })
    await assert.rejects(withdraw(storage, clock, keys.ledger.kid), { code: 'keys.unknown' })
  })

  test('withdrawn during a rotation: the announced key signs at once; or, if it is that one, another is announced', async () => {
    const { storage, clock, keys } = await start()
    const first = keys.tokens.kid
    const announced = await rotate(storage, clock)
    clock.advance(5 * MINUTE)
    assert.deepEqual(await withdraw(storage, clock, first), { made: undefined })
    await keys.refresh()
    assert.equal(keys.tokens.kid, announced.kid)
    const next = await rotate(storage, clock)
    clock.advance(9 * MINUTE)
    const { made } = await withdraw(storage, clock, next.kid)
    await keys.refresh()
    assert.equal(keys.tokens.kid, announced.kid)
    clock.advance(9 * MINUTE)
    assert.equal(keys.tokens.kid, announced.kid, 'the new one is known for ten minutes before')
    clock.advance(MINUTE)
    assert.equal(keys.tokens.kid, made)
  })

  test('withdrawn without another: the one that would have retired goes on; without that, nothing signs until a rotation', async () => {
    const { storage, clock, keys } = await start()
    const first = keys.tokens.kid
    const announced = await rotate(storage, clock)
    const none = { kid: announced.kid, spare: undefined }
    await storage.transaction((tx) => withdrawTokensKey(tx, clock, none))
    await keys.refresh()
    clock.advance(HOUR)
    assert.equal(keys.tokens.kid, first)
    await storage.transaction((tx) => withdrawTokensKey(tx, clock, { ...none, kid: first }))
    await keys.refresh()
    assert.throws(() => keys.tokens, { code: 'keys.nothing_signs' })
    await assert.rejects(keys.requireSigning(), { code: 'keys.nothing_signs' })
    assert.deepEqual([keys.list(), keys.jwks()], [[], { keys: [] }])
    const { kid, signsFrom } = await rotate(storage, clock)
    await keys.refresh()
    assert.deepEqual([keys.tokens.kid, signsFrom], [kid, clock.now()])
    await keys.requireSigning()
  })

  test('keys that are published no more are forgotten, and no others', async () => {
    const { storage, clock, keys } = await start()
    const old = keys.tokens.kid
    const { kid } = await rotate(storage, clock)
    clock.advance(24 * HOUR + 10 * MINUTE)
    await keys.forget()
    await keys.refresh()
    assert.ok(keys.find(old), 'until clocks cannot differ about it')
    clock.advance(MINUTE)
    await keys.forget()
    const rows = await storage.read.selectFrom('signing_keys').select('kid').execute()
    assert.deepEqual(rows.map((row) => row.kid).toSorted(), [kid, keys.ledger.kid].toSorted())
  })

  test('a retired key is withdrawn without touching the others', async () => {
    const { storage, clock, keys } = await start()
    const old = keys.tokens.kid
    const { kid } = await rotate(storage, clock)
    clock.advance(HOUR)
    await keys.refresh()
    assert.deepEqual(
      keys.list().map(({ kid: each, state }) => [each, state]),
      [
        [old, 'retired'],
        [kid, 'signing'],
      ],
    )
    assert.deepEqual(await withdraw(storage, clock, old), { made: undefined })
    await keys.refresh()
    assert.deepEqual(
      keys.list().map(({ kid: each, state }) => [each, state]),
      [[kid, 'signing']],
    )
  })
})
