import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { addAdmissionRule } from '../../../src/identity/client-metadata/index.ts'
import { fakeProvider } from '../../../src/identity/identity-providers/testing.ts'
import { addIssuer } from '../../../src/identity/issuers/index.ts'
import { postForm } from '../../agent.ts'
import { deskActions, openDesk, Stranger } from '../../mcp/stranger.ts'
import { newKey, proof } from '../../signing.ts'
import { MAILER, Partner } from '../../ways/partner.ts'
import type { Answer } from '../../wire.ts'
import { World } from '../../world.ts'

const ASSERTION_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

/**
 * Tokens from before the profile was switched on get nothing more after it (5.3.2.1, items 3, 4 and
 * 6).
 */
describe('FAPI 2.0 Security Profile, switched on later', () => {
  let w: World
  let profile = 'standard'
  const ways: Record<string, () => Promise<Pick<Answer, 'status' | 'body'>>> = {}

  const show = (form: object) => postForm(`${w.issuer}/oauth/token`, { ...form }, [])

  before(async () => {
    w = await World.start('sqlite', {
      desk: true,
      settings: () => ({ REMIT_SECURITY_PROFILE: profile }),
    })
    await openDesk(w)
    const { id } = await w.person('ada')
    const ceiling = deskActions(w)
    const host = { name: 'this-computer', redirectHosts: ['localhost'], trust: 2 }
    await addAdmissionRule(w.rooms.agents, { ...host, ceiling, ownerId: id, by: id })
    ways.refresh = await publicClient()
    ways.push = await pushing()
    ways.mail = await mailer(id)
    ways.work = await workload(id)
    for (const [name, take] of Object.entries(ways)) {
      const { body, status } = await take()
      assert.ok(status < 300, `${name}: ${JSON.stringify(body)}`)
    }
    profile = 'fapi2'
    await w.restart()
  })
  after(() => w?.stop())

  /** Client that has a key for its proofs, and none that says who it is. */
  async function publicClient() {
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    const desk = `${w.gateway}/desk`
    const key = await newKey()
    const proved = () => proof(w.clock, key, { method: 'POST', url: `${w.issuer}/oauth/token` })
    const first = await stranger.redeem(await stranger.codeFor(desk), desk, {}, await proved())
    let { refresh_token } = first.body
    return async () => {
      const next = await stranger.refresh({ refresh_token: String(refresh_token) }, await proved())
      refresh_token = next.body.refresh_token
      return next
    }
  }

  /** A public client that pushes what it asks for. */
  async function pushing() {
    const stranger = await Stranger.arrive(w)
    await stranger.register()
    return async () => {
      const asked = Object.fromEntries(stranger.asking(`${w.gateway}/desk`).searchParams)
      return postForm(`${w.issuer}/oauth/par`, asked, [])
    }
  }

  /** Client that has nothing but its assertions. */
  async function mailer(owner: string) {
    const partner = await Partner.trusted(w, owner)
    return async () => {
      const said = { client_id: MAILER, act: undefined, resource: `${w.gateway}/desk` }
      const scope = 'desk.search-notes'
      const assertion = await partner.assertion('oauth-id-jag+jwt', { ...said, scope })
      return show({ grant_type: ASSERTION_GRANT, client_id: MAILER, assertion })
    }
  }

  /** A workload of a platform that cannot prove a key. */
  async function workload(owner: string) {
    const fake = await fakeProvider()
    w.onStop(() => fake.close())
    const sponsor = { purpose: 'reads notes', tasks: 100, seconds: 60, days: 30 }
    const admit = { trust: 3, ceiling: deskActions(w), owner, sponsor }
    const rule = { name: 'all', when: [{ claim: 'sub', prefix: 'agent/' }], admit }
    await addIssuer(w.rooms.issuers, {
      ...{ name: 'platform', issuer: fake.issuer, by: owner, ownerId: owner, bearer: true },
      ...{ uses: ['workload'], trust: 3, ceiling: null, rules: [rule] },
    })
    let count = 0
    return async () => {
      const now = Math.floor(w.clock.now() / 1000)
      const claims = { iss: fake.issuer, aud: w.issuer, sub: 'agent/1', jti: `w${count++}` }
      const assertion = await fake.sign({ ...claims, iat: now, exp: now + 300 })
      return show({ grant_type: ASSERTION_GRANT, assertion, resource: `${w.gateway}/desk` })
    }
  }

  for (const [name, way, code] of [
    [
      '3: a public client does not refresh any more, with its key or without',
      'refresh',
      'agent.unauthenticated',
    ],
    ['5.3.2.2, 4: a public client pushes nothing', 'push', 'agent.unauthenticated'],
    [
      '3: an assertion does not stand for a client that proves nothing',
      'mail',
      'agent.unauthenticated',
    ],
    ['6: the token of a platform does not say who a workload is', 'work', 'grant.not_accepted'],
  ] as const)
    it(name, async () => {
      const { body, status } = (await ways[way]?.()) ?? {}
      assert.equal(body?.code, code, `${status} ${JSON.stringify(body)}`)
      for (const name of ['access_token', 'request_uri']) assert.ok(!(name in Object(body)), name)
    })
})
