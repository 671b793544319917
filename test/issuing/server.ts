import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Detail } from '@remit/engine'
import Provider, { errors } from 'oidc-provider'
import { type AllowedToken, type Asker, ask, type Party, type Refusal } from './asking.ts'

export const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
/** Claims that it can carry. */
export const WITHIN = 'remit_details'
const OURS = 3600

/** Short names of the profile. */
const GRANTS: Readonly<Record<string, string>> = {
  authorization_code: 'authorization_code',
  client_credentials: 'client_credentials',
  refresh_token: 'refresh_token',
  [EXCHANGE]: 'token_exchange',
}

/** Parts of the provider's request that this test looks at. */
interface Context {
  readonly oidc: {
    readonly route: string
    readonly params: Readonly<Record<string, string | undefined>>
    readonly client: { readonly clientId: string }
    readonly entities: Readonly<
      Record<string, { accountId?: string; scope?: string; rar?: Detail[] }>
    >
  }
  allowed?: AllowedToken
}

/**
 * An authorization server that was there before Remit: `oidc-provider`, which asks before it mints. Every person is signed in and has
 * agreed to everything, so that nothing but Remit makes a difference.
 */
export async function issuingServer(given: {
  readonly resource: string
  readonly scopes: readonly string[]
  /** Person that its browser is signed in as. */
  readonly person: string
  readonly asker: () => Asker
}) {
  const listening = createServer()
  await new Promise<void>((resolve) => listening.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(listening.address() as AddressInfo).port}` // as: it listens on TCP
  const { resource, scopes } = given

  async function asks(ctx: Context): Promise<AllowedToken> {
    const { client, entities, params } = ctx.oidc
    const source = entities.AuthorizationCode ?? entities.RefreshToken ?? {}
    const account = entities.Account?.accountId
    const exchange = params.grant_type === EXCHANGE
    const subject: Party = account
      ? { type: 'user', id: account }
      : { type: 'client', id: client.clientId }
    const wanted = (params.scope ?? source.scope ?? '').split(' ')
    const found = await ask(given.asker(), {
      token: 'access_token',
      grant: GRANTS[params.grant_type ?? ''] ?? 'unknown',
      subject,
      ...(exchange ? { requesting: { type: 'client', id: client.clientId } } : {}),
      target: resource,
      scopes: wanted.filter((name) => scopes.includes(name)),
      details: source.rar ?? [],
      context: { client_id: client.clientId },
    })
    if ('refused' in found) throw refusal(found.refused)
    ctx.allowed = found.allowed
    return found.allowed
  }

  const provider = new Provider(issuer, {
    clients: ['crm', 'job'].map((client_id) => ({
      client_id,
      client_secret: 'a-secret-of-a-client-for-tests',
      redirect_uris: [`${issuer}/callback`],
      grant_types: ['authorization_code', 'refresh_token', 'client_credentials', EXCHANGE],
      response_types: ['code'],
      authorization_details_types: ['remit_call'],
    })),
    scopes: ['openid', 'offline_access'],
    findAccount: (_ctx: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id }) }),
    issueRefreshToken: () => true,
    rotateRefreshToken: false,
    extraTokenClaims: (ctx: Context) => ({ ...ctx.allowed?.claims }),
    async loadExistingGrant(ctx: Context) {
      const grant = new provider.Grant({
        accountId: given.person,
        clientId: ctx.oidc.client.clientId,
      })
      grant.addOIDCScope('openid offline_access')
      grant.addResourceScope(resource, scopes.join(' '))
      for (const detail of JSON.parse(ctx.oidc.params.authorization_details ?? '[]'))
        grant.addRar(detail)
      await grant.save()
      return grant
    },
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        defaultResource: () => resource,
        useGrantedResource: () => true,
        async getResourceServerInfo(ctx: Context) {
          const asked = ctx.oidc.route === 'token' ? await asks(ctx) : undefined
          return {
            scope: (asked?.scopes ?? scopes).join(' '),
            audience: resource,
            accessTokenTTL: Math.min(OURS, asked?.seconds ?? OURS),
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }
        },
      },
      richAuthorizationRequests: {
        enabled: true,
        types: { remit_call: { validate: () => undefined } },
        authorizationDetailsForGrantSource: (ctx: Context) =>
          JSON.parse(ctx.oidc.params.authorization_details ?? '[]'),
        authorizationDetailsForAccessToken: (ctx: Context) => ctx.allowed?.details,
        authorizationDetailsForIntrospection: (_ctx: Context, token: { rar?: unknown }) =>
          token.rar,
      },
    },
  } as never) // as: its types are those of another version

  provider.registerGrantType(
    EXCHANGE,
    async (koa) => {
      const ctx = koa as unknown as Context & { body: object } // as: what this test looks at of it
      const { client } = koa.oidc
      const subject = await provider.RefreshToken.find(ctx.oidc.params.subject_token ?? '')
      if (!subject || !client) throw new errors.InvalidGrant('the subject token is unknown')
      koa.oidc.entity('Account', { accountId: subject.accountId } as never) // as: it has no other use here
      const allowed = await asks(ctx)
      const token = new provider.AccessToken({
        ...{ accountId: subject.accountId, client, grantId: subject.grantId, gty: 'exchange' },
        ...{ scope: allowed.scopes.join(' '), expiresIn: Math.min(OURS, allowed.seconds) },
      } as never) // as: likewise
      const jwt = { sign: { alg: 'RS256' } }
      const info = { scope: scopes.join(' '), accessTokenFormat: 'jwt', audience: resource, jwt }
      token.resourceServer = new provider.ResourceServer(resource, info as never) // as: likewise
      const access_token = await token.save()
      const issued_token_type = 'urn:ietf:params:oauth:token-type:access_token'
      ctx.body = { access_token, issued_token_type, token_type: 'Bearer', scope: token.scope }
    },
    ['subject_token', 'subject_token_type', 'scope', 'resource'],
  )
  const handle = provider.callback()
  listening.on('request', (request, reply) => {
    const signsIn = request.url?.startsWith('/interaction/')
    const answer = { login: { accountId: given.person }, consent: {} }
    if (request.url?.startsWith('/callback')) reply.end('the code is in the address')
    else if (signsIn) void provider.interactionFinished(request, reply, answer)
    else void handle(request, reply)
  })
  return {
    issuer,
    async stop() {
      listening.closeAllConnections()
      await new Promise((resolve) => listening.close(resolve))
    },
  }
}

function refusal(code: Refusal): Error {
  if (code === 'invalid_scope') return new errors.InvalidScope('nothing of it is granted', '')
  if (code === 'invalid_target') return new errors.InvalidTarget('not granted there')
  return new errors.InvalidAuthorizationDetails('nothing of it is granted')
}
