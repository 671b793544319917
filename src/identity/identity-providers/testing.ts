import { createHmac, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SignJWT } from 'jose'

export interface FakeProvider {
  readonly issuer: string
  readonly secret: string
  /** Members put over the discovery document. */
  metadata: Record<string, unknown>
  /** Answer of the token endpoint; gets the form that was sent. */
  idToken: (form: URLSearchParams) => Promise<string>
  userinfo: Record<string, unknown> | undefined
  readonly publicKey: KeyObject
  /** Paths that were asked for, in order. */
  readonly asked: string[]
  /** Signs with the published key unless told otherwise. */
  sign(
    claims: Record<string, unknown>,
    header?: Record<string, unknown>,
    key?: KeyObject,
  ): Promise<string>
  close(): Promise<void>
}

const KID = 'key-1'

/** An OpenID provider that says what a test wants, on loopback. */
export async function fakeProvider(): Promise<FakeProvider> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listening on TCP
  const issuer = `http://127.0.0.1:${port}`
  const fake: FakeProvider = {
    issuer,
    secret: 'fake-client-secret-of-more-than-256-bits',
    metadata: {},
    userinfo: undefined,
    publicKey,
    asked: [],
    idToken: () => Promise.reject(new Error('no ID token was prepared')),
    sign: (claims, header = {}, key = privateKey) =>
      new SignJWT(claims).setProtectedHeader({ alg: 'ES256', kid: KID, ...header }).sign(key),
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
  const answers: Record<string, (body: string) => Promise<unknown>> = {
    '/.well-known/openid-configuration': async () => ({
      issuer,
      authorization_endpoint: `${issuer}/authorize`,
      token_endpoint: `${issuer}/token`,
      jwks_uri: `${issuer}/jwks`,
      ...(fake.userinfo && { userinfo_endpoint: `${issuer}/userinfo` }),
      response_types_supported: ['code'],
      id_token_signing_alg_values_supported: ['ES256'],
      authorization_response_iss_parameter_supported: true,
      ...fake.metadata,
    }),
    '/jwks': async () => ({
      keys: [{ ...publicKey.export({ format: 'jwk' }), kid: KID, alg: 'ES256' }],
    }),
    '/token': async (body) => ({
      access_token: 'opaque',
      token_type: 'Bearer',
      expires_in: 60,
      id_token: await fake.idToken(new URLSearchParams(body)),
    }),
    '/userinfo': async () => fake.userinfo,
  }
  server.on('request', async (req, res) => {
    fake.asked.push(req.url ?? '')
    const body = (await req.toArray()).join('')
    const answer = await answers[req.url ?? '']?.(body)
    res.writeHead(answer === undefined ? 404 : 200, { 'content-type': 'application/json' })
    res.end(JSON.stringify(answer ?? {}))
  })
  return fake
}

/** An unsecured JWT (RFC 7519 section 6). */
export function unsigned(claims: Record<string, unknown>): string {
  return `${part({ alg: 'none', kid: KID })}.${part(claims)}.`
}

/** A JWT that names a symmetric algorithm, keyed with something public or shared. */
export function hs256(
  claims: Record<string, unknown>,
  key: string,
  header: Record<string, unknown> = {},
): string {
  const input = `${part({ alg: 'HS256', kid: KID, ...header })}.${part(claims)}`
  return `${input}.${createHmac('sha256', key).update(input).digest('base64url')}`
}

function part(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
