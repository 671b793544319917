import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import * as oauth from 'oauth4webapi'
import * as openid from 'openid-client'
import { addAdmissionRule } from '../../../src/identity/client-metadata/index.ts'
import { Installation } from '../../clients/installation.ts'
import { deskActions, openDesk } from '../../mcp/stranger.ts'
import { send } from '../../wire.ts'
import { World } from '../../world.ts'

/**
 * FAPI 2.0 Security Profile (Final), section 5.3.3, requirements for clients: a client that does each as the profile says gets what it needs
 * here. The client is a library that knows nothing of Remit; what the profile asks of its user interface (12 of the general ones) is its own.
 */
describe('a client of the FAPI 2.0 Security Profile', () => {
  let w: World
  let program: Installation
  const desk = () => `${w.gateway}/desk`

  before(async () => {
    w = await World.start('sqlite', {
      ...{ desk: true, nonces: 'always' },
      settings: { REMIT_SECURITY_PROFILE: 'fapi2' },
    })
    await openDesk(w)
    const { id } = await w.person('ada')
    await addAdmissionRule(w.rooms.agents, {
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2 },
      ...{ ceiling: deskActions(w), ownerId: id, by: id },
    })
    program = await Installation.of(w, 'private_key_jwt')
  })
  after(() => w?.stop())

  it('5.3.3.1, 1, 2, 5: bound tokens by DPoP, `private_key_jwt`, the issuer as the only audience', async () => {
    const tokens = await program.signIn(desk())
    assert.equal(tokens.token_type, 'dpop')
    assert.equal(await program.use(desk(), tokens.access_token), 200)
  })

  it('5.3.3.1, 3: a token in the query is no token', async () => {
    const { access_token: token } = await program.signIn(desk())
    const { status } = await send(`${desk()}?access_token=${token}`, { method: 'POST' })
    assert.ok(status >= 400)
  })

  it('5.3.3.1, 4: answers arrive at the address that it registered and nowhere else', async () => {
    assert.equal((await program.back(desk())).origin, program.address.origin)
  })

  it('5.3.3.1, 6: its refresh token goes on', async () => {
    const { refresh_token: token } = await program.signIn(desk())
    const [first, second] = [await program.refresh(token), await program.refresh(token)]
    assert.deepEqual([first?.refresh_token, second?.refresh_token], [token, token])
  })

  it('5.3.3.1, 7: there are no aliases for mutual TLS: every endpoint is the one that is named', () => {
    assert.equal(program.server.mtls_endpoint_aliases, undefined)
  })

  it('5.3.3.1, 8: a nonce that is demanded is brought', async () => {
    // `nonces: always` demands one of every proof; the first request of a new key has none.
    const fresh = await Installation.of(w, 'private_key_jwt')
    assert.equal(await fresh.use(desk(), (await fresh.signIn(desk())).access_token), 200)
  })

  it('5.3.3.1, 9 to 11: everything is in the metadata, whose issuer is the one that was asked for', async () => {
    const { server } = program
    assert.equal(server.issuer, w.issuer)
    for (const name of ['authorization', 'token', 'pushed_authorization_request'] as const)
      assert.ok(String(server[`${name}_endpoint`]).startsWith(`${w.issuer}/`), name)
    const config = await openid.discovery(new URL(w.issuer), 'x', {}, openid.None(), {
      execute: [openid.allowInsecureRequests],
    })
    assert.equal(config.serverMetadata().issuer, w.issuer)
  })

  it('5.3.3.1, 13: it can ask for less', async () => {
    const { scope } = await program.signIn(desk(), { scope: 'desk.search-notes' })
    assert.equal(scope, 'desk.search-notes')
  })

  it('5.3.3.2, 1 to 4, 6: the code grant, pushed, with a challenge of its own, and two parameters for the browser', async () => {
    const page = await program.push(desk())
    assert.deepEqual([...page.searchParams.keys()], ['client_id', 'request_uri'])
    const [one, two] = [await program.signIn(desk()), await program.signIn(desk())]
    assert.notEqual(one.access_token, two.access_token)
  })

  it('5.3.3.2, 5: `iss` of the answer is checked: one of another server is noticed', async () => {
    const back = await program.back(desk())
    assert.equal(back.searchParams.get('iss'), w.issuer)
    back.searchParams.set('iss', 'https://evil.example')
    assert.throws(() => program.check(back), oauth.OperationProcessingError)
  })

  it('5.3.3.2, 7: a `nonce` means nothing here, and hurts nobody', async () => {
    assert.ok(
      (await program.signIn(desk(), { scope: 'openid', nonce: 'n'.repeat(64) })).access_token,
    )
  })
})
