import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { JWK } from 'jose'

/** An OpenID provider, as far as it is asked for keys. */
export async function serveProvider(
  publicJwk: JWK,
): Promise<{ readonly issuer: string; close(): Promise<void> }> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // as: listening on TCP
  const issuer = `http://127.0.0.1:${port}`
  const documents: Readonly<Record<string, object>> = {
    '/.well-known/openid-configuration': {
      ...{ issuer, jwks_uri: `${issuer}/jwks` },
      ...{ authorization_endpoint: `${issuer}/authorize`, token_endpoint: `${issuer}/token` },
      ...{ response_types_supported: ['code'], id_token_signing_alg_values_supported: ['ES256'] },
    },
    '/jwks': { keys: [{ ...publicJwk, kid: 'key-1', alg: 'ES256' }] },
  }
  server.on('request', (request, reply) => {
    const document = documents[request.url ?? '']
    reply.writeHead(document ? 200 : 404, { 'content-type': 'application/json' })
    reply.end(JSON.stringify(document ?? {}))
  })
  return {
    issuer,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
