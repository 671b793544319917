import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { jwtVerify, SignJWT } from 'jose'
import { signJwt } from '../keys/sign-jwt.ts'
import { manualClock } from '../lib/clock.ts'
import { checkJwt, type JwtExpectation, unverifiedIssuer } from './check-jwt.ts'
import { type Algorithm, signData } from './signature.ts'

const NOW = Date.UTC(2026, 0, 1)
const NOW_SECONDS = NOW / 1000
const ISSUER = 'https://remit.example'
const AUDIENCE = 'https://gw.example/orders'

const pairs = {
  ES256: generateKeyPairSync('ec', { namedCurve: 'P-256' }),
  Ed25519: generateKeyPairSync('ed25519'),
  PS256: generateKeyPairSync('rsa', { modulusLength: 2048 }),
} as const
const { privateKey, publicKey } = pairs.ES256
const key = {
  kid: 'key_AAAAAAAAAAAAAAAAAAAAAA',
  alg: 'ES256',
  publicJwk: { kty: 'EC', crv: 'P-256', x: '', y: '', kid: '', alg: 'ES256', use: 'sig' },
  sign: (data: Uint8Array) => signData('ES256', privateKey, data),
} as const

const known = new Map<string | undefined, KeyObject>([[key.kid, publicKey]])
const base: JwtExpectation = {
  typ: ['at+jwt'],
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ['ES256'],
  keyFor: ({ kid }) => known.get(kid),
  clock: manualClock(NOW),
}
const claims = {
  iss: ISSUER,
  aud: AUDIENCE,
  sub: 'psn_1',
  iat: NOW_SECONDS,
  exp: NOW_SECONDS + 300,
}
const mint = (changes: object = {}) =>
  signJwt(key, { typ: 'at+jwt', claims: { ...claims, ...changes } })

/** Signs any header and payload text, also those that no library would. */
async function forge(header: string, payload: string): Promise<string> {
  const input = [header, payload].map((text) => Buffer.from(text).toString('base64url')).join('.')
  const signature = await signData('ES256', privateKey, Buffer.from(input))
  return `${input}.${Buffer.from(signature).toString('base64url')}`
}

test('what we sign is checked, and its claims come back', async () => {
  assert.deepEqual(await checkJwt(await mint(), base), claims)
})

test('what we sign verifies under jose', async () => {
  const verified = await jwtVerify(await mint(), publicKey, {
    issuer: ISSUER,
    audience: AUDIENCE,
    typ: 'at+jwt',
    algorithms: ['ES256'],
    currentDate: new Date(NOW),
  })
  assert.deepEqual(verified.payload, claims)
  assert.deepEqual(verified.protectedHeader, { alg: 'ES256', typ: 'at+jwt', kid: key.kid })
})

const JOSE: [Algorithm, keyof typeof pairs][] = [
  ['ES256', 'ES256'],
  ['Ed25519', 'Ed25519'],
  ['EdDSA', 'Ed25519'],
  ['PS256', 'PS256'],
  ['RS256', 'PS256'],
]
for (const [alg, pair] of JOSE) {
  test(`what jose signs with ${alg} is accepted where ${alg} is allowed, and only there`, async () => {
    const token = await new SignJWT(claims)
      .setProtectedHeader({ alg, typ: 'at+jwt' })
      .sign(pairs[pair].privateKey)
    const keyFor = () => pairs[pair].publicKey
    assert.deepEqual(await checkJwt(token, { ...base, algorithms: [alg], keyFor }), claims)
    const others = JOSE.map(([other]) => other).filter((other) => other !== alg)
    await assert.rejects(checkJwt(token, { ...base, algorithms: others, keyFor }), {
      code: 'token.wrong_algorithm',
    })
  })
}

test('T1: every key with every other algorithm in the header is refused', async () => {
  const algorithms: Algorithm[] = ['ES256', 'Ed25519', 'EdDSA', 'PS256', 'RS256']
  const headers = [...algorithms, 'none', 'None', 'nOnE', 'HS256', 'es256', 'ES384', '', 'toString']
  for (const [name, pair] of Object.entries(pairs)) {
    const good = new Set(JOSE.filter(([, of]) => of === name).map(([alg]) => alg as string)) // widened to compare
    for (const alg of headers.filter((header) => !good.has(header))) {
      const header = JSON.stringify({ alg, typ: 'at+jwt' })
      const token = await forge(header, JSON.stringify(claims))
      const expect = { ...base, algorithms, keyFor: () => pair.publicKey }
      await assert.rejects(
        checkJwt(token, expect),
        { code: 'token.wrong_algorithm' },
        `${name} ${alg}`,
      )
    }
  }
})

test('an HMAC keyed with the public key is not a signature', async () => {
  const input = ['{"alg":"HS256","typ":"at+jwt"}', JSON.stringify(claims)]
    .map((text) => Buffer.from(text).toString('base64url'))
    .join('.')
  const pem = publicKey.export({ type: 'spki', format: 'pem' })
  const token = `${input}.${createHmac('sha256', pem).update(input).digest('base64url')}`
  await assert.rejects(checkJwt(token, { ...base, keyFor: () => publicKey }), {
    code: 'token.wrong_algorithm',
  })
})

test('any flipped, cut or added character is refused', async () => {
  const token = await mint()
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=~ \n\0é'
  const character = fc.constantFrom(...alphabet)
  const at = fc.nat(token.length - 1)
  const mutated = fc.oneof(
    fc.tuple(at, character).map(([i, c]) => token.slice(0, i) + c + token.slice(i + 1)),
    fc.tuple(at, character).map(([i, c]) => token.slice(0, i) + c + token.slice(i)),
    fc.tuple(at, fc.nat(8)).map(([i, n]) => token.slice(0, i) + token.slice(i + n)),
    at.map((i) => token.slice(0, i)),
    fc.string({ minLength: 1 }).map((tail) => token + tail),
    fc.string({ minLength: 1 }).map((head) => head + token),
  )
  await fc.assert(
    fc.asyncProperty(mutated, async (text) => {
      fc.pre(text !== token)
      await assert.rejects(checkJwt(text, base), /token\./)
    }),
    { numRuns: 1000 },
  )
})

test('T4: every single bit of the token counts', async () => {
  const token = await mint()
  for (let i = 0; i < token.length; i++) {
    const bytes = Buffer.from(token)
    bytes[i] = (bytes[i] ?? 0) ^ (1 << (i % 7))
    await assert.rejects(checkJwt(bytes.toString('latin1'), base), /token\./, `at ${i}`)
  }
})

const REFUSED: [name: string, changes: object, code: string][] = [
  ['no issuer', { iss: undefined }, 'token.wrong_issuer'],
  ['another issuer', { iss: `${ISSUER}/` }, 'token.wrong_issuer'],
  ['a list of issuers', { iss: [ISSUER] }, 'token.wrong_issuer'],
  ['no audience', { aud: undefined }, 'token.wrong_audience'],
  ['another audience', { aud: 'https://gw.example/payroll' }, 'token.wrong_audience'],
  ['the audience in other letters', { aud: AUDIENCE.toUpperCase() }, 'token.wrong_audience'],
  ['a list with the audience', { aud: [AUDIENCE] }, 'token.wrong_audience'],
  ['a list with the audience and another', { aud: [AUDIENCE, 'x'] }, 'token.wrong_audience'],
  ['an empty list of audiences', { aud: [] }, 'token.wrong_audience'],
  ['an audience that is an object', { aud: { [AUDIENCE]: 1 } }, 'token.wrong_audience'],
  ['no expiry', { exp: undefined }, 'token.malformed'],
  ['no issue time', { iat: undefined }, 'token.malformed'],
  ['an expiry that is text', { exp: String(NOW_SECONDS + 300) }, 'token.malformed'],
  ['a fraction of a second', { exp: NOW_SECONDS + 0.5 }, 'token.malformed'],
  ['a negative time', { iat: -1 }, 'token.malformed'],
  ['a huge time', { exp: 1e308 }, 'token.malformed'],
  ['null as time', { exp: null }, 'token.malformed'],
  ['a list as not-before', { nbf: [NOW_SECONDS] }, 'token.malformed'],
  ['expired this second', { exp: NOW_SECONDS }, 'token.expired'],
  ['expired long ago', { iat: 1, exp: 2 }, 'token.expired'],
  ['issued 11 seconds in the future', { iat: NOW_SECONDS + 11 }, 'token.not_yet_valid'],
  ['not before 11 seconds from now', { nbf: NOW_SECONDS + 11 }, 'token.not_yet_valid'],
]
test('of tokens of others, the fraction of a date is cut off', async () => {
  const times = { iat: NOW_SECONDS + 0.9, nbf: NOW_SECONDS + 0.5, exp: NOW_SECONDS + 60.75 }
  const { iat, exp } = await checkJwt(await mint(times), { ...base, fractions: true })
  assert.deepEqual([iat, exp], [NOW_SECONDS, NOW_SECONDS + 60])
  const over = await mint({ exp: NOW_SECONDS + 0.9 })
  await assert.rejects(checkJwt(over, { ...base, fractions: true }), { code: 'token.expired' })
  for (const exp of [-0.5, 1e308, '1e9'])
    await assert.rejects(checkJwt(await mint({ exp }), { ...base, fractions: true }), {
      code: 'token.malformed',
    })
})

for (const [name, changes, code] of REFUSED) {
  test(`${name}: ${code}`, async () => {
    await assert.rejects(checkJwt(await mint(changes), base), { code })
  })
}

test('T8: ten seconds of clock skew are tolerated at the start of a life, none at its end', async () => {
  await checkJwt(await mint({ iat: NOW_SECONDS + 10, nbf: NOW_SECONDS + 10 }), base)
  await checkJwt(await mint({ exp: NOW_SECONDS + 1 }), base)
})

test('a time beyond what JSON numbers hold is refused, not rounded', async () => {
  const payload = JSON.stringify(claims).replace(/"exp":\d+/, '"exp":9007199254740993')
  const token = await forge(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: key.kid }), payload)
  await assert.rejects(checkJwt(token, base), { code: 'token.malformed' })
})

test('a repeated claim is refused although the signature is good', async () => {
  const payload = JSON.stringify(claims).replace('{', '{"aud":"https://elsewhere.example",')
  const token = await forge(JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid: key.kid }), payload)
  await assert.rejects(checkJwt(token, base), { code: 'token.malformed' })
})

test('an unknown, absent or inherited kid finds no key', async () => {
  for (const kid of ['other', '', '__proto__', 'constructor', '../key', "' OR 1=1 --", undefined]) {
    const token = await forge(
      JSON.stringify({ alg: 'ES256', typ: 'at+jwt', kid }),
      JSON.stringify(claims),
    )
    await assert.rejects(checkJwt(token, base), { code: 'token.unknown_key' })
  }
})

test('T3: keys in the header do not verify the token that brings them', async () => {
  const jwk = publicKey.export({ format: 'jwk' })
  for (const extra of [
    { jwk },
    { x5c: ['AA=='] },
    { jku: 'http://127.0.0.1/jwks' },
    { x5u: 'http://127.0.0.1/' },
  ]) {
    const header = { alg: 'ES256', typ: 'at+jwt', kid: 'other', ...extra }
    const token = await forge(JSON.stringify(header), JSON.stringify(claims))
    await assert.rejects(checkJwt(token, base), { code: 'token.unknown_key' })
  }
})

test('T5: media types compare as media types do, and a neighbour is never accepted', async () => {
  const typed = (typ: string | undefined) =>
    forge(JSON.stringify({ alg: 'ES256', kid: key.kid, typ }), JSON.stringify(claims))
  for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt'])
    await checkJwt(await typed(typ), base)
  for (const typ of ['JWT', 'dpop+jwt', 'at+jwt ', 'text/at+jwt', 'xat+jwt', '', undefined]) {
    await assert.rejects(checkJwt(await typed(typ), base), { code: 'token.wrong_type' }, typ)
  }
  const idToken = { ...base, typ: ['', 'JWT'] }
  for (const typ of ['JWT', 'jwt', undefined]) await checkJwt(await typed(typ), idToken)
  await assert.rejects(checkJwt(await typed('at+jwt'), idToken), { code: 'token.wrong_type' })
})

test('a function decides about the audiences of tokens that others issued', async () => {
  const audience = (audiences: readonly string[]) => audiences.includes('client-1')
  await checkJwt(await mint({ aud: ['client-1', 'api'] }), { ...base, audience })
  await checkJwt(await mint({ aud: 'client-1' }), { ...base, audience })
  for (const aud of ['client-2', ['api'], [], ['client-1', 1], 7, undefined])
    await assert.rejects(checkJwt(await mint({ aud }), { ...base, audience }), {
      code: 'token.wrong_audience',
    })
})

test('lives and ages are limited where the caller says so', async () => {
  const expect = { ...base, maxLifeSeconds: 300, maxAgeSeconds: 600 }
  await checkJwt(await mint(), expect)
  await assert.rejects(checkJwt(await mint({ exp: NOW_SECONDS + 301 }), expect), {
    code: 'token.too_long_lived',
  })
  const old = await mint({ iat: NOW_SECONDS - 601, exp: NOW_SECONDS + 1 })
  await assert.rejects(checkJwt(old, { ...base, maxAgeSeconds: 600 }), { code: 'token.too_old' })
})

test('the claimed issuer can be read to choose what to check against', async () => {
  assert.equal(unverifiedIssuer(await mint()), ISSUER)
  assert.equal(unverifiedIssuer(await mint({ iss: 1 })), undefined)
  assert.throws(() => unverifiedIssuer('a.b'), { code: 'token.malformed' })
})
