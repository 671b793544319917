import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { it } from 'node:test'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { addIssuer } from '../../src/identity/issuers/index.ts'
import { signJwt } from '../../src/platform/keys/index.ts'
import { signedIn } from '../../src/programs/cli/testing.ts'
import { foreignServer } from '../issuers/server.ts'
import { follow, isLetThrough, sectionOf, Thief } from '../runbooks.ts'
import { jws, newKey, type TestKey } from '../signing.ts'
import { send } from '../wire.ts'
import { inOneWorld, type World } from '../world.ts'

inOneWorld('O1: runbooks that are followed beside servers, with an attacker', (world) => {
  /** Tells whether a machine client is answered at introspection, with a token that is nothing. */
  async function mayIntrospect(authorization: string): Promise<boolean> {
    const answer = await send(`${world().issuer}/oauth/introspect`, {
      method: 'POST',
      headers: [
        ['Authorization', authorization],
        ['Content-Type', 'application/x-www-form-urlencoded'],
      ],
      body: 'token=nothing',
    })
    assert.ok([200, 401].includes(answer.status), answer.text)
    return answer.status === 200
  }

  it('O1: a withdrawn key gives its thief nothing, neither by tokens that it signed nor by what is forged with it', async (t) => {
    const w = world()
    const cli = await signedIn(t, w)
    const [command = ''] = sectionOf('keys.md#withdraw-a-compromised-key').commands
    const thief = await Thief.arrive(w)
    const stolen = w.rooms.keys.tokens
    const { typ = '' } = decodeProtectedHeader(thief.token)
    let forged = 0
    /** Signs a token with other contents and the stolen key. */
    const forge = () => {
      const claims = { ...decodeJwt(thief.token), jti: `forged-${++forged}` }
      return signJwt(stolen, { typ, claims })
    }
    assert.ok(
      await thief.mayCallWith(await forge()),
      'what is forged works as long as the key does',
    )
    const early = await forge()
    await follow(cli, command, { 'key_…': stolen.kid })
    assert.equal(await thief.mayCall(), false)
    for (const token of [early, await forge()]) assert.equal(await thief.mayCallWith(token), false)
    assert.ok(w.rooms.keys.list().every(({ kid }) => kid !== stolen.kid))
    await Thief.arrive(w)
  })

  it('O1: the secret of a machine client in wrong hands ends with its rotation, also one that was kept, and both with the client', async (t) => {
    const w = world()
    const cli = await signedIn(t, w)
    await w.trustEcho()
    const [add = '', , , remove = ''] = sectionOf('machine-clients.md#machine-clients').commands
    const [keeping = '', rotating = ''] = sectionOf('machine-clients.md#rotate-a-secret').commands
    // An API of this world in place of the one that the page names.
    const secretOf = async (command: string) => {
      const done = await follow(cli, `${command} --json`)
      return `Bearer ${done.json.secret}`
    }
    const first = await secretOf(add.replace('--resource shop', '--resource echo'))
    assert.ok(await mayIntrospect(first))
    const second = await secretOf(keeping)
    assert.ok(await mayIntrospect(first), 'as the page says, for 24 hours')
    const third = await secretOf(rotating)
    for (const stolen of [first, second]) assert.equal(await mayIntrospect(stolen), false)
    assert.ok(await mayIntrospect(third))
    await follow(cli, remove)
    assert.equal(await mayIntrospect(third), false)
  })

  it('O1: the key of a machine client in wrong hands ends alone', async (t) => {
    const w = world()
    const cli = await signedIn(t, w)
    const [add = '', addKey = '', end = ''] = sectionOf(
      'machine-clients.md#sign-with-a-key',
    ).commands
    const [stolen, next] = [await newKey(), await newKey()]
    for (const [file, { publicJwk }] of [
      ['edge.public.jwk', stolen],
      ['next.public.jwk', next],
    ] as const)
      await writeFile(join(cli.home, file), JSON.stringify(publicJwk))
    await follow(cli, add)
    await follow(cli, addKey)
    const shown = await cli.remit('clients', 'show', 'edge', '--json')
    const { credentials } = shown.json as { credentials: { id: string; thumbprint?: string }[] } // as the schema says
    const id = credentials.find(({ thumbprint }) => thumbprint === stolen.thumbprint)?.id
    const before = await assertionOf(w, stolen)
    assert.ok(await mayIntrospect(await assertionOf(w, stolen)))
    await follow(cli, end, { 'crd_…': id ?? '' })
    for (const assertion of [before, await assertionOf(w, stolen)])
      assert.equal(await mayIntrospect(assertion), false)
    assert.ok(await mayIntrospect(await assertionOf(w, next)))
  })

  it('O1: a partner in wrong hands gets nothing after it was suspended, goes on when it is resumed, and never after it was revoked', async (t) => {
    const w = world()
    const cli = await signedIn(t, w)
    const [, , suspend = '', revoke = ''] = sectionOf(
      'guides/let-a-partner-in.md#watch-it-and-end-it',
    ).commands
    const server = await foreignServer({ remit: w.issuer, api: w.orders })
    t.after(() => server.close())
    const ada = await w.person('ada')
    await addIssuer(w.rooms.issuers, {
      ...{ name: 'acme', issuer: server.issuer, trust: 3, ceiling: null },
      ...{ ownerId: ada.id, by: ada.id, uses: ['access_token'] },
      access: { provider: w.provider },
      rules: [
        { name: 'bot', when: [{ claim: 'client_id', equals: 'bot-client' }], agent: 'refund-bot' },
      ],
    })
    const key = await newKey()
    const signed = () =>
      server.accessToken('sam', { scope: 'orders.read', thumbprint: key.thumbprint })
    const mayCall = async (token: string) => {
      const task = { id: '', token: '', key }
      const answer = await w.agent.call(task, 'GET', '/orders/orders/1042', {
        token,
        scheme: 'DPoP',
      })
      return isLetThrough(answer)
    }
    const before = await signed()
    assert.ok(await mayCall(before))
    await follow(cli, suspend)
    for (const token of [before, await signed()]) assert.equal(await mayCall(token), false)
    assert.equal((await cli.remit('issuers', 'resume', 'acme')).exit, 0)
    assert.ok(await mayCall(await signed()))
    await follow(cli, revoke)
    for (const token of [before, await signed()]) assert.equal(await mayCall(token), false)
  })
})

let made = 0

/** Authentication of the machine client `edge` by a key, as its thief makes it. */
async function assertionOf({ clock, issuer }: World, key: TestKey): Promise<string> {
  const iat = Math.floor(clock.now() / 1000)
  const claims = { iss: 'edge', sub: 'edge', aud: issuer, iat, exp: iat + 60, jti: `m${made++}` }
  return `Bearer ${await jws(key, { typ: 'client-authentication+jwt', kid: key.thumbprint }, claims)}`
}
