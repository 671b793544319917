import assert from 'node:assert/strict'
import { after, before, it } from 'node:test'
import type { Detail } from '@remit/engine'
import * as client from 'openid-client'
import { Browser } from '../../examples/refund-desk/browser.ts'
import { latestSet, publishPolicies } from '../../src/policy/policy/index.ts'
import { basesOfPerson, grantBasis } from '../../src/tasks/consent/index.ts'
import { endBasis } from '../../src/tasks/tasks/index.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { inEachWorld } from '../world.ts'
import type { Asker } from './asking.ts'
import { EXCHANGE, issuingServer, WITHIN } from './server.ts'

const SCOPES = ['orders.list', 'orders.read', 'orders.refund']

inEachWorld('an authorization server that asks before it issues', (world) => {
  let server: Awaited<ReturnType<typeof issuingServer>>
  let pep: Pep
  let asker: Asker
  const configs = new Map<string, client.Configuration>()

  before(async () => {
    const w = world()
    const { subject, issuer } = await w.person('sam')
    pep = await Pep.add(w, 'login', {
      mode: 'issuance',
      issuing: {
        issuer,
        parties: [{ type: 'client', id: 'crm', agent: 'refund-bot' }],
        audiences: [],
      },
    })
    asker = { url: w.issuer, secret: pep.secret, claims: [WITHIN] }
    server = await issuingServer({
      ...{ resource: w.orders, scopes: SCOPES, person: subject },
      asker: () => asker,
    })
    for (const id of ['crm', 'job']) {
      const auth = client.ClientSecretBasic('a-secret-of-a-client-for-tests')
      configs.set(
        id,
        await client.discovery(new URL(server.issuer), id, undefined, auth, {
          execute: [client.allowInsecureRequests],
        }),
      )
    }
  })
  after(() => server.stop())

  function as(id: string): client.Configuration {
    const config = configs.get(id)
    assert.ok(config)
    return config
  }

  /** Sam's browser goes there and comes back with a code, and the client redeems it. */
  async function signIn(scope: string, details?: readonly Detail[]) {
    const verifier = client.randomPKCECodeVerifier()
    const url = client.buildAuthorizationUrl(as('crm'), {
      redirect_uri: `${server.issuer}/callback`,
      scope: `openid ${scope}`.trim(),
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      resource: world().orders,
      ...(details ? { authorization_details: JSON.stringify(details) } : {}),
    })
    const page = await new Browser().get(url.href)
    assert.equal(page.status, 200, page.text)
    const back = new URL(page.url)
    return client.authorizationCodeGrant(as('crm'), back, { pkceCodeVerifier: verifier })
  }

  const claimsOf = (token: string) =>
    JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'))

  const only = (actions: readonly string[], ...bounds: Detail['bounds']): Detail => ({
    ...{ type: 'remit_call', locations: [world().orders], actions, bounds },
  })

  /** Replaces Sam's consents by one that lets refund-bot do this. */
  async function allow(...details: readonly Detail[]): Promise<void> {
    const { id } = await world().person('sam')
    const { decisions } = world().rooms
    for (const basis of await basesOfPerson(decisions.storage.read, id, world().clock.now()))
      await endBasis(decisions, { basisId: basis.id, by: id })
    if (details.length === 0) return
    await grantBasis(decisions, {
      ...{ personId: id, agentId: 'refund-bot', kind: 'consent', grantedBy: id, details },
    })
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    const error = await work.then(
      () => assert.fail('a token was issued'),
      (thrown: unknown) => thrown,
    )
    assert.ok(error instanceof client.ResponseBodyError, String(error))
    assert.doesNotMatch(JSON.stringify(error.cause), /task\.|issuance\.|policy|basis/)
    return error.error
  }

  it('scopes shrink to what person and agent may, and the token lives five minutes', async () => {
    await allow(only(['orders.read', 'orders.list']))
    const issued = await signIn(SCOPES.join(' '))
    assert.equal(issued.scope, 'orders.list orders.read')
    const claims = claimsOf(issued.access_token)
    assert.equal(claims.scope, 'orders.list orders.read')
    assert.deepEqual([claims.aud, claims.client_id], [world().orders, 'crm'])
    assert.equal(claims.exp - claims.iat, 300)
    assert.equal(WITHIN in claims, false)
  })

  it('details come back narrowed, with the bounds of the consent and the client’s own', async () => {
    await allow(
      only(['orders.refund'], { path: '/amount', op: 'lte', value: '50.00' }),
      only(['orders.read']),
    )
    const own = { path: '/order_id', op: 'eq', value: '1042' } as const
    const issued = await signIn('', [
      only(['orders.refund', 'orders.list'], own),
      only(['orders.read']),
    ])
    const { authorization_details: details } = claimsOf(issued.access_token)
    assert.deepEqual(details, [
      only(['orders.refund'], own, { path: '/amount', op: 'lte', value: '50.00' }),
      only(['orders.read']),
    ])
    assert.deepEqual(issued.authorization_details, details)
  })

  it('a scope within bounds is in the token with them, or not at all', async () => {
    await allow(only(['orders.refund'], { path: '/amount', op: 'lte', value: '50.00' }))
    const issued = await signIn('orders.refund')
    assert.deepEqual(claimsOf(issued.access_token)[WITHIN], [
      only(['orders.refund'], { path: '/amount', op: 'lte', value: '50.00' }),
    ])
    asker = { ...asker, claims: [] }
    assert.equal(await refusal(signIn('orders.refund')), 'invalid_target')
    asker = { ...asker, claims: [WITHIN] }
  })

  it('nothing is issued without a basis, nor to a client that is nobody’s, and no reason is passed on', async () => {
    await allow()
    assert.equal(await refusal(signIn('orders.read')), 'invalid_target')
    await allow(only(['orders.read']))
    assert.equal(await refusal(signIn('orders.refund')), 'invalid_scope')
    assert.equal(
      await refusal(signIn('', [only(['orders.refund'])])),
      'invalid_authorization_details',
    )
    const alone = client.clientCredentialsGrant(as('job'), { scope: 'orders.read' })
    assert.equal(await refusal(alone), 'invalid_target')
  })

  it('refreshing asks again: what was taken back meanwhile is gone', async () => {
    await allow(only(['orders.read', 'orders.list']))
    const issued = await signIn('orders.read orders.list')
    const refresh = () => client.refreshTokenGrant(as('crm'), issued.refresh_token ?? '')
    assert.equal((await refresh()).scope, 'orders.list orders.read')
    await allow(only(['orders.read']))
    assert.equal(claimsOf((await refresh()).access_token).scope, 'orders.read')
    await allow()
    assert.equal(await refusal(refresh()), 'invalid_target')
  })

  it('a rule forbids one grant and not the other', async () => {
    await allow(only(['orders.read']))
    const issued = await signIn('orders.read')
    const { policy, storage } = world().rooms
    const text = (await latestSet(storage.read))?.text ?? ''
    const { id: by } = await world().person('ada')
    const rule = `\n@id("fresh") forbid (principal, action == Action::"issue:access_token:refresh_token", resource);\n`
    await publishPolicies(policy, { text: text + rule, by, note: 'for a test' })
    const refresh = () => client.refreshTokenGrant(as('crm'), issued.refresh_token ?? '')
    assert.equal(await refusal(refresh()), 'invalid_target')
    assert.equal((await signIn('orders.read')).scope, 'orders.read')
    await publishPolicies(policy, { text, by, note: 'for a test' })
    assert.equal((await refresh()).scope, 'orders.read')
  })

  it('an exchange needs both: whom it is for, and who asks', async () => {
    await allow(only(['orders.read']))
    const issued = await signIn('orders.read')
    const exchange = (id: string) =>
      client.genericGrantRequest(as(id), EXCHANGE, {
        subject_token: issued.refresh_token ?? '',
        subject_token_type: 'urn:ietf:params:oauth:token-type:refresh_token',
        scope: 'orders.read orders.list',
      })
    const exchanged = await exchange('crm')
    const claims = claimsOf(exchanged.access_token)
    assert.equal(claims.scope, 'orders.read')
    assert.equal(claims.exp - claims.iat, 300)
    assert.equal(await refusal(exchange('job')), 'invalid_target')
  })

  it('without an answer nothing is issued: Remit down, a secret that was ended', async () => {
    await allow(only(['orders.read']))
    const good = asker
    const failing = [
      { ...good, url: 'http://127.0.0.1:9' },
      { ...good, secret: `pep_${'A'.repeat(43)}` },
    ]
    for (const wrong of failing) {
      asker = wrong
      await assert.rejects(signIn('orders.read'), /unexpected HTTP response status code/)
    }
    asker = good
    assert.equal((await signIn('orders.read')).scope, 'orders.read')
  })
})
