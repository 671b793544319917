import {
  base64url,
  CompactSign,
  type CryptoKey,
  exportJWK,
  generateKeyPair,
  type JWK,
  type JWTHeaderParameters,
  type JWTPayload,
} from 'jose'

export const ISSUER = 'https://remit.example'
export const LOCATION = 'https://gw.example/shop'
export const NOW = 1_800_000_000

export interface Signer {
  readonly kid: string
  readonly privateKey: Parameters<CompactSign['sign']>[0]
  readonly publicJwk: JWK
}

export async function newSigner(kid: string, alg = 'ES256'): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
  return { kid, privateKey, publicJwk }
}

export const KEY = await newSigner('key_1')

/** A permit that holds; a test says what is different. `undefined` leaves a member out. */
export function claims(over: object = {}, tctx: object = {}): JWTPayload {
  return {
    iss: ISSUER,
    aud: 'example.remit',
    iat: NOW,
    exp: NOW + 60,
    sub: 'psn_1',
    sub_profile: 'user',
    sub_id: { format: 'iss_sub', iss: 'https://idp.example', sub: 'sam' },
    act: { iss: ISSUER, sub: 'bot', sub_profile: 'ai_agent' },
    txn: `dec_${++count}`,
    scope: 'shop.buy',
    req_wl: 'https://gw.example',
    tctx: {
      location: LOCATION,
      action: 'shop.buy',
      arguments: { item: 'lamp', amount: '12.50' },
      task: { id: 'tsk_1', purpose: 'test' },
      ...tctx,
    },
    ...over,
  }
}
let count = 0

export function sign(payload: object, header: object = {}, signer = KEY): Promise<string> {
  return new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader({
      alg: 'ES256',
      typ: 'txntoken+jwt',
      kid: signer.kid,
      ...header,
    } as JWTHeaderParameters) // wrong ones too
    .sign(signer.privateKey)
}

/** Headers that no library writes. */
export async function signedByHand(header: object, body: string): Promise<string> {
  const whole = { alg: 'ES256', typ: 'txntoken+jwt', kid: KEY.kid, ...header }
  const input = `${base64url.encode(JSON.stringify(whole))}.${body}`
  const way = { name: 'ECDSA', hash: 'SHA-256' }
  const key = KEY.privateKey as CryptoKey // as it was made
  const signature = await crypto.subtle.sign(way, key, new TextEncoder().encode(input))
  return `${input}.${base64url.encode(new Uint8Array(signature))}`
}

/** Permits in which something is missing or odd, by what it is. */
export function wrongClaims(): Readonly<Record<string, JWTPayload>> {
  const deep = [1, 2, 3, 4, 5, 6].reduce<object | undefined>(
    (act, i) => ({ iss: ISSUER, sub: `a${i}`, act }),
    undefined,
  )
  return {
    'another issuer': claims({ iss: 'https://other.example' }),
    'an issuer that only begins like it': claims({ iss: `${ISSUER}/` }),
    'another domain': claims({ aud: 'other.remit' }),
    'no domain': claims({ aud: undefined }),
    old: claims({ iat: NOW - 66, exp: NOW - 6 }),
    'without an end': claims({ exp: undefined }),
    'without a beginning': claims({ iat: undefined }),
    'longer than any': claims({ iat: NOW - 70, exp: NOW + 600 }),
    'from the future': claims({ iat: NOW + 60, exp: NOW + 120 }),
    'an end in words': claims({ exp: 'never' }),
    'not yet': claims({ nbf: NOW + 60 }),
    'no decision': claims({ txn: undefined }),
    'an empty decision': claims({ txn: '' }),
    'a decision that is no text': claims({ txn: 1 }),
    nobody: claims({ sub: undefined }),
    'somebody of no kind': claims({ sub_profile: undefined }),
    'a person without a provider': claims({ sub_id: undefined }),
    'no agent': claims({ act: undefined }),
    'an agent without a name': claims({ act: {} }),
    'a chain that is too long': claims({ act: deep }),
    'an agent of nobody': claims({ act: { sub: 'bot' } }),
    'an agent of others that acts now': claims({
      act: { iss: 'https://acme.example', sub: 'x' },
    }),
    'one of ours behind one of others': claims({
      act: {
        iss: ISSUER,
        sub: 'bot',
        act: { iss: 'https://acme.example', sub: 'x', act: { iss: ISSUER, sub: 'y' } },
      },
    }),
    'no context': claims({ tctx: undefined }),
    'a context that is a text': claims({ tctx: 'x' }),
    'no task': claims({}, { task: undefined }),
    'a task without purpose': claims({}, { task: { id: 'tsk_1' } }),
    'no arguments': claims({}, { arguments: undefined }),
    'arguments that are a list': claims({}, { arguments: [] }),
    'an argument that is a number': claims({}, { arguments: { item: 'lamp', amount: 12.5 } }),
    'no action': claims({}, { action: undefined }),
    'an action that is not its scope': claims({ scope: 'shop.list' }),
  }
}

/** Permits that are another kind of token, or signed in another way. */
export async function wrongTokens(): Promise<Readonly<Record<string, string>>> {
  const other = await newSigner('key_1')
  const stranger = await newSigner('key_2')
  const rsa = await newSigner('key_1', 'RS256')
  const good = claims()
  const [head = '', body = '', signature = ''] = (await sign(good)).split('.')
  const encoded = (value: object) => base64url.encode(JSON.stringify(value))
  const secret = new TextEncoder().encode(JSON.stringify(KEY.publicJwk))
  const hmac = await new CompactSign(base64url.decode(body))
    .setProtectedHeader({ alg: 'HS256', typ: 'txntoken+jwt', kid: KEY.kid })
    .sign(secret)
  return {
    'an access token': await sign(good, { typ: 'at+jwt' }),
    'a ticket': await sign(good, { typ: 'remit-ticket+jwt' }),
    'an ID token': await sign(good, { typ: 'JWT' }),
    'of no type': await sign(good, { typ: undefined }),
    'by another key of the same name': await sign(good, {}, other),
    'by an unknown key': await sign(good, {}, stranger),
    'by a key that it brings': await sign(
      good,
      { jwk: stranger.publicJwk, kid: undefined },
      stranger,
    ),
    'by a key from elsewhere': await sign(good, { jku: 'https://attacker.example/jwks' }, stranger),
    'by another algorithm': await sign(good, { alg: 'RS256' }, rsa),
    'by the public key as a secret': hmac,
    'by nobody': `${encoded({ alg: 'none', typ: 'txntoken+jwt' })}.${body}.`,
    'by nobody, in capitals': `${encoded({ alg: 'NONE', typ: 'txntoken+jwt' })}.${body}.`,
    'with what must be understood': await signedByHand({ crit: ['ext'], ext: 1 }, body),
    'with its signature cut': `${head}.${body}.${signature.slice(0, -2)}`,
    'without signature': `${head}.${body}.`,
    'with other claims': `${head}.${encoded({ ...good, txn: 'dec_other' })}.${signature}`,
    'with something behind it': `${head}.${body}.${signature}.x`,
    'encrypted, it says': `${head}.${body}.${signature}.x.x`,
    twice: `${head}.${body}.${signature}, ${head}.${body}.${signature}`,
    'with a space': ` ${head}.${body}.${signature}`,
    'a word': 'x',
    nothing: '',
  }
}
