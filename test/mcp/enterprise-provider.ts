import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createLocalJWKSet, jwtVerify } from 'jose'
import type { Clock } from '../../src/platform/lib/clock.ts'
import { jws, newKey, seconds } from '../signing.ts'

const ID_JAG = 'urn:ietf:params:oauth:token-type:id-jag'
const TOKEN_EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'

/** Program that an enterprise lets its people use. */
export interface EnterpriseApp {
  readonly secret: string
  /** Client id at the server that takes the assertions. */
  readonly there: string
}

/**
 * The identity provider of an enterprise, which decides for its people what programs may do for them elsewhere: it exchanges an ID
 * token for an ID-JAG (draft-ietf-oauth-identity-assertion-authz-grant section 4.3).
 */
export async function serveEnterprise(
  clock: Clock,
  apps: Readonly<Record<string, EnterpriseApp>>,
  /** Scopes that the enterprise's administrators allow at that server. */
  allowed: readonly string[],
) {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}` // as: it listens on TCP
  const key = await newKey()
  const jwks = { keys: [{ ...key.publicJwk, kid: 'k1', alg: 'ES256', use: 'sig' }] }
  let count = 0

  function sign(claims: Readonly<Record<string, unknown>>, typ: string): Promise<string> {
    const iat = seconds(clock)
    const all = { iss: issuer, iat, exp: iat + 300, jti: `e${count++}`, ...claims }
    return jws(key, { typ, kid: 'k1' }, all)
  }

  async function exchange(form: URLSearchParams): Promise<object> {
    const client = form.get('client_id') ?? ''
    const app = apps[client]
    if (!app || form.get('client_secret') !== app.secret) return { error: 'invalid_client' }
    if (form.get('grant_type') !== TOKEN_EXCHANGE || form.get('requested_token_type') !== ID_JAG)
      return { error: 'invalid_request' }
    const expected = { issuer, audience: client, typ: 'JWT', currentDate: new Date(clock.now()) }
    const shown = String(form.get('subject_token'))
    const { payload } = await jwtVerify(shown, createLocalJWKSet(jwks), expected)
    const asked = form.get('scope')?.split(' ') ?? allowed
    const scope = asked.filter((one) => allowed.includes(one)).join(' ')
    const said = { aud: form.get('audience'), resource: form.get('resource'), scope }
    const assertion = await sign(
      { ...said, sub: payload.sub, client_id: app.there },
      'oauth-id-jag+jwt',
    )
    return {
      issued_token_type: ID_JAG,
      access_token: assertion,
      token_type: 'N_A',
      expires_in: 300,
      scope,
    }
  }

  async function answer({ method, url }: IncomingMessage, body: string): Promise<object> {
    if (method === 'POST' && url === '/token') return exchange(new URLSearchParams(body))
    if (url === '/jwks') return jwks
    if (!url?.startsWith('/.well-known/o')) return { error: 'not_found' }
    return {
      ...{ issuer, jwks_uri: `${issuer}/jwks`, token_endpoint: `${issuer}/token` },
      authorization_endpoint: `${issuer}/authorize`,
      response_types_supported: ['code'],
      code_challenge_methods_supported: ['S256'],
      subject_types_supported: ['public'],
      id_token_signing_alg_values_supported: ['ES256'],
      identity_chaining_requested_token_types_supported: [ID_JAG],
    }
  }

  server.on('request', async (request, reply) => {
    const said = await answer(request, (await request.toArray()).join(''))
    reply.writeHead('error' in said ? 400 : 200, { 'content-type': 'application/json' })
    reply.end(JSON.stringify(said))
  })

  return {
    issuer,
    sign,
    /** A person has signed in at one of the programs. */
    idToken: (person: string, app: string) => sign({ sub: person, aud: app }, 'JWT'),
    async close(): Promise<void> {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
