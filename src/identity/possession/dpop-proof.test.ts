import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, SignJWT } from 'jose'
import * as oauth from 'oauth4webapi'
import { sha256url } from '../../platform/lib/bytes.ts'
import { manualClock } from '../../platform/lib/clock.ts'
import { checkProof, type ProofExpectation, requireKey } from './dpop-proof.ts'

const NOW = Date.UTC(2026, 0, 1)
const NOW_SECONDS = NOW / 1000
const url = 'https://remit.example/oauth/token'
const expect: ProofExpectation = { method: 'POST', url, clock: manualClock(NOW) }
const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' })
const jwk = pair.publicKey.export({ format: 'jwk' })
const claims = { jti: 'id-1', htm: 'POST', htu: url, iat: NOW_SECONDS }

function prove(header: object, payload: object | string, key: KeyObject = pair.privateKey): string {
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  const input = [JSON.stringify({ typ: 'dpop+jwt', alg: 'ES256', jwk, ...header }), text]
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.')
  const signature =
    key.asymmetricKeyType === 'ec'
      ? sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' })
      : sign(key.asymmetricKeyType === 'rsa' ? 'sha256' : null, Buffer.from(input), key)
  return `${input}.${signature.toString('base64url')}`
}

describe('a proof that holds', () => {
  test('names its key, a replay key that hides the jti, and how long to remember it', async () => {
    const thumbprint = await calculateJwkThumbprint(jwk)
    assert.deepEqual(await checkProof(prove({}, claims), expect), {
      thumbprint,
      replayKey: sha256url(`${thumbprint}\0id-1`),
      expiresAt: NOW + 80_000,
    })
  })

  test('is remembered for longer than any replica would accept it', async () => {
    for (const iat of [NOW_SECONDS - 60, NOW_SECONDS, NOW_SECONDS + 10]) {
      const proof = prove({}, { ...claims, iat })
      const { expiresAt } = await checkProof(proof, expect)
      // a replica 10 s behind the clock that forgets
      const clock = manualClock(expiresAt - 10_000 + 1)
      await assert.rejects(checkProof(proof, { ...expect, clock }), { code: 'proof.not_now' })
    }
  })

  for (const alg of ['ES256', 'Ed25519', 'EdDSA']) {
    test(`may be made by jose with ${alg}`, async () => {
      const keys = await generateKeyPair(alg, { extractable: true })
      const proof = await new SignJWT(claims)
        .setProtectedHeader({ alg, typ: 'dpop+jwt', jwk: await exportJWK(keys.publicKey) })
        .sign(keys.privateKey)
      await checkProof(proof, expect)
      await checkProof([proof], expect)
    })
    if (alg === 'EdDSA') continue
    test(`may be made by oauth4webapi with ${alg}`, async () => {
      const as = { issuer: 'https://remit.example', token_endpoint: url }
      const client = { client_id: 'refund-bot' }
      let sent: string | null = null
      await oauth.clientCredentialsGrantRequest(as, client, oauth.None(), new URLSearchParams(), {
        DPoP: oauth.DPoP({}, await oauth.generateKeyPair(alg)),
        [oauth.customFetch]: async (_, options) => {
          sent = new Headers(options.headers).get('dpop')
          return new Response()
        },
      })
      assert.ok(sent)
      await checkProof(sent, { ...expect, clock: manualClock(Date.now()) })
    })
  }

  test('may describe its key, as some libraries do', async () => {
    const described = { ...jwk, kid: 'k', use: 'sig', alg: 'ES256', key_ops: ['verify'], ext: true }
    const { thumbprint } = await checkProof(prove({ jwk: described }, claims), expect)
    assert.equal(thumbprint, await calculateJwkThumbprint(jwk))
  })

  test('may be up to 60 seconds old and 10 seconds early', async () => {
    for (const iat of [NOW_SECONDS - 60, NOW_SECONDS + 10])
      await checkProof(prove({}, { ...claims, iat }), expect)
  })

  test('may have a jti of up to 128 characters', async () => {
    await checkProof(prove({}, { ...claims, jti: 'x'.repeat(128) }), expect)
    await assert.rejects(checkProof(prove({}, { ...claims, jti: 'x'.repeat(129) }), expect), {
      code: 'proof.malformed',
    })
  })

  test('has a nonce that is taken, where one is demanded, and is otherwise right', async () => {
    const nonce = (given: unknown) => given === 'n-1'
    await checkProof(prove({}, { ...claims, nonce: 'n-1' }), { ...expect, nonce })
    for (const given of ['n-2', undefined])
      await assert.rejects(
        checkProof(prove({}, { ...claims, nonce: given }), { ...expect, nonce }),
        {
          code: 'proof.nonce_required',
        },
      )
    const wrong = prove({}, { ...claims, htm: 'GET', nonce: 'n-2' })
    await assert.rejects(checkProof(wrong, { ...expect, nonce }), { code: 'proof.wrong_request' })
  })

  test('with the same jti by another key is another proof', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const theirs = prove(
      { jwk: other.publicKey.export({ format: 'jwk' }) },
      claims,
      other.privateKey,
    )
    const keys = await Promise.all(
      [prove({}, claims), theirs].map((proof) => checkProof(proof, expect)),
    )
    assert.notEqual(keys[0]?.replayKey, keys[1]?.replayKey)
  })

  test('proves a token that is bound to its key, and no other', async () => {
    const proof = await checkProof(prove({}, claims), expect)
    requireKey(proof, { cnf: { jkt: proof.thumbprint } })
    assert.throws(() => requireKey(proof, { cnf: { jkt: 'A'.repeat(43) } }), {
      code: 'proof.wrong_key',
    })
  })
})

describe('a proof that does not hold', () => {
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const p384 = generateKeyPairSync('ec', { namedCurve: 'P-384' })
  const good = prove({}, claims)
  const hmac = () => {
    const input = prove({ alg: 'HS256', jwk: { kty: 'oct', k: 'AAAA' } }, claims)
      .split('.')
      .slice(0, 2)
      .join('.')
    return `${input}.${createHmac('sha256', Buffer.alloc(3)).update(input).digest('base64url')}`
  }
  const REFUSED: [name: string, proof: string | string[] | undefined, code: string][] = [
    ['no header', undefined, 'proof.missing'],
    ['no header among many', [], 'proof.missing'],
    ['an empty header', '', 'proof.malformed'],
    ['two headers', [good, good], 'proof.malformed'],
    ['two headers joined as Node joins them', `${good}, ${good}`, 'proof.malformed'],
    ['a proof of 4 KB', prove({}, { ...claims, pad: 'x'.repeat(4096) }), 'proof.malformed'],
    ['another type', prove({ typ: 'JWT' }, claims), 'proof.malformed'],
    ['the type in other letters', prove({ typ: 'DPoP+JWT' }, claims), 'proof.malformed'],
    ['no type', prove({ typ: undefined }, claims), 'proof.malformed'],
    ['no algorithm', prove({ alg: 'none' }, claims), 'proof.malformed'],
    ['a symmetric algorithm', hmac(), 'proof.malformed'],
    [
      'an RSA algorithm',
      prove({ alg: 'RS256', jwk: rsa.publicKey.export({ format: 'jwk' }) }, claims, rsa.privateKey),
      'proof.malformed',
    ],
    [
      'an RSA key',
      prove({ jwk: rsa.publicKey.export({ format: 'jwk' }) }, claims),
      'proof.bad_key',
    ],
    [
      'another curve',
      prove({ jwk: p384.publicKey.export({ format: 'jwk' }) }, claims),
      'proof.bad_key',
    ],
    ['no key', prove({ jwk: undefined }, claims), 'proof.bad_key'],
    ['a key that is a text', prove({ jwk: 'key' }, claims), 'proof.bad_key'],
    [
      'a private key',
      prove({ jwk: pair.privateKey.export({ format: 'jwk' }) }, claims),
      'proof.bad_key',
    ],
    ['a key with a certificate', prove({ jwk: { ...jwk, x5c: [] } }, claims), 'proof.bad_key'],
    [
      'the key of another',
      prove({ jwk: other.publicKey.export({ format: 'jwk' }) }, claims),
      'proof.bad_signature',
    ],
    ['an Ed25519 algorithm with an EC key', prove({ alg: 'Ed25519' }, claims), 'proof.bad_key'],
    ['a critical extension', prove({ crit: ['b64'], b64: true }, claims), 'proof.malformed'],
    ['claims that are a list', prove({}, '[]'), 'proof.malformed'],
    [
      'a repeated claim',
      prove({}, JSON.stringify(claims).replace('{', '{"jti":"id-0",')),
      'proof.malformed',
    ],
    ['no jti', prove({}, { ...claims, jti: undefined }), 'proof.malformed'],
    ['an empty jti', prove({}, { ...claims, jti: '' }), 'proof.malformed'],
    ['a jti of 129 characters', prove({}, { ...claims, jti: 'x'.repeat(129) }), 'proof.malformed'],
    ['a jti that is a number', prove({}, { ...claims, jti: 1 }), 'proof.malformed'],
    ['no iat', prove({}, { ...claims, iat: undefined }), 'proof.malformed'],
    ['an iat that is text', prove({}, { ...claims, iat: String(NOW_SECONDS) }), 'proof.malformed'],
    ['an iat with a fraction', prove({}, { ...claims, iat: NOW_SECONDS + 0.5 }), 'proof.malformed'],
    ['61 seconds of age', prove({}, { ...claims, iat: NOW_SECONDS - 61 }), 'proof.not_now'],
    ['11 seconds too early', prove({}, { ...claims, iat: NOW_SECONDS + 11 }), 'proof.not_now'],
    ['another method', prove({}, { ...claims, htm: 'GET' }), 'proof.wrong_request'],
    ['the method in other letters', prove({}, { ...claims, htm: 'post' }), 'proof.wrong_request'],
    ['no method', prove({}, { ...claims, htm: undefined }), 'proof.wrong_request'],
    ['a list of methods', prove({}, { ...claims, htm: ['POST'] }), 'proof.wrong_request'],
    [
      'another URL',
      prove({}, { ...claims, htu: 'https://remit.example/oauth/revoke' }),
      'proof.wrong_request',
    ],
    ['a list of URLs', prove({}, { ...claims, htu: [url] }), 'proof.wrong_request'],
    ['no URL', prove({}, { ...claims, htu: undefined }), 'proof.wrong_request'],
  ]
  for (const [name, proof, code] of REFUSED) {
    test(`${name}: ${code}`, async () => {
      await assert.rejects(checkProof(proof, expect), { code })
    })
  }

  test('with a token, it must be a proof for this token', async () => {
    const bound = { ...expect, accessToken: 'token-1' }
    await checkProof(prove({}, { ...claims, ath: sha256url('token-1') }), bound)
    for (const ath of [undefined, '', sha256url('token-2'), 'token-1', [sha256url('token-1')]])
      await assert.rejects(checkProof(prove({}, { ...claims, ath }), bound), {
        code: 'proof.wrong_token',
      })
  })

  test('any flipped, cut or added character is refused', async () => {
    const at = fc.nat(good.length - 1)
    const mutated = fc.oneof(
      fc
        .tuple(at, fc.constantFrom(...'ABab01-_.= '))
        .map(([i, c]) => good.slice(0, i) + c + good.slice(i + 1)),
      at.map((i) => good.slice(0, i)),
      at.map((i) => good.slice(i + 1)),
      fc.string({ minLength: 1 }).map((tail) => good + tail),
    )
    await fc.assert(
      fc.asyncProperty(mutated, async (text) => {
        fc.pre(text !== good)
        await assert.rejects(checkProof(text, expect), /proof\./)
      }),
      { numRuns: 500 },
    )
  })

  test('a key that was accepted before does not lend its place to a crafted one', async () => {
    await checkProof(good, expect)
    const { x, y } = jwk
    for (const crafted of [
      { ...jwk, x: `${x}","y":"${y}`, y: undefined },
      { ...jwk, d: 'AA' },
      { ...jwk, y: `${y}=` },
    ])
      await assert.rejects(checkProof(prove({ jwk: crafted }, claims), expect), {
        code: 'proof.bad_key',
      })
  })
})
