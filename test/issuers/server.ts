import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import Provider from 'oidc-provider'

export const SECRET = 'a-secret-of-a-client-for-tests'

/**
 * An authorization server that was there before Remit: `oidc-provider`. It gives its clients JWTs for Remit itself, and for people
 * JWTs or opaque tokens for APIs, and answers introspection.
 */
export async function foreignServer(given: { readonly remit: string; readonly api: string }) {
  const listening = createServer()
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(listening.address() as AddressInfo).port}` // as: it listens on TCP
  const infoOf = (identifier: string, format = 'jwt') => ({
    scope: identifier === given.api ? 'orders.read orders.refund' : '',
    audience: identifier,
    accessTokenTTL: 600,
    accessTokenFormat: format,
    jwt: { sign: { alg: 'RS256' } },
  })
  const provider = new Provider(issuer, {
    clients: ['bot-client', 'pipeline', 'remit'].map((client_id) => ({
      client_id,
      client_secret: SECRET,
      redirect_uris: [],
      response_types: [],
      grant_types: ['client_credentials'],
    })),
    scopes: ['openid', 'orders.read', 'orders.refund'],
    findAccount: (_ctx: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    formats: {
      customizers: {
        // What many servers send as a workload's identity has no type of its own.
        jwt: (
          _ctx: unknown,
          token: { aud?: string },
          parts: { header: Record<string, unknown> },
        ) => {
          if (token.aud === given.remit) parts.header = { ...parts.header, typ: 'JWT' }
        },
      },
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      introspection: { enabled: true, allowedPolicy: () => true },
      revocation: { enabled: true, allowedPolicy: () => true },
      dPoP: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => given.remit,
        getResourceServerInfo: (_ctx: unknown, identifier: string) => infoOf(identifier),
      },
    },
  } as never) // as: its types are those of another version
  listening.on('request', provider.callback())

  async function form(path: string, client: string, fields: Record<string, string>) {
    const answer = await fetch(`${issuer}${path}`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${client}:${SECRET}`).toString('base64')}` },
      body: new URLSearchParams(fields),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${path} answered ${answer.status} ${text}`)
    return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) // as: its answers are objects
  }

  return {
    issuer,
    /** Gets an assertion from the server that tells Remit about one of its clients. */
    async identityOf(client: string): Promise<string> {
      const asked = { grant_type: 'client_credentials', resource: given.remit }
      return String((await form('/token', client, asked)).access_token)
    },
    /** A token of a person, as if they had agreed in a browser. */
    async accessToken(
      person: string,
      of: { client?: string; scope: string; thumbprint?: string; format?: 'jwt' | 'opaque' },
    ): Promise<string> {
      const { client: id = 'bot-client', format, scope, thumbprint } = of
      const client = await provider.Client.find(id)
      const grant = new provider.Grant({ accountId: person, clientId: id })
      grant.addResourceScope(given.api, scope)
      const token = new provider.AccessToken({
        ...{ accountId: person, client, grantId: await grant.save(), gty: 'authorization_code' },
        scope,
      } as never) // as: the types ask for more than it needs
      token.resourceServer = new provider.ResourceServer(
        given.api,
        infoOf(given.api, format) as never, // as above
      )
      if (thumbprint !== undefined) token.setThumbprint('jkt', thumbprint)
      return String(await token.save())
    },
    revoke: (token: string) => form('/token/revocation', 'bot-client', { token }),
    async close(): Promise<void> {
      listening.closeAllConnections()
      await new Promise((resolve) => listening.close(resolve))
    },
  }
}
