import assert from 'node:assert/strict'
import { generateKeyPairSync } from 'node:crypto'
import { after, before, it } from 'node:test'
import {
  type FakeProvider,
  fakeProvider,
  hs256,
  unsigned,
} from '../../src/identity/identity-providers/testing.ts'
import { addIssuer, setIssuerTerms } from '../../src/identity/issuers/index.ts'
import { basesOfPerson, pendingConsents } from '../../src/tasks/consent/index.ts'
import { endBasis, listTasks } from '../../src/tasks/tasks/index.ts'
import { JWT_BEARER } from '../agent.ts'
import { decode, newKey, type TestKey } from '../signing.ts'
import type { Answer } from '../wire.ts'
import { inEachWorld } from '../world.ts'

const GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ID_JAG = 'oauth-id-jag+jwt'
const LIFE = 300

type Claims = Readonly<Record<string, unknown>>

inEachWorld('an ID-JAG at the token endpoint', (world) => {
  let acme: FakeProvider
  let stranger: FakeProvider
  let count = 0

  before(async () => {
    const w = world()
    acme = await fakeProvider()
    stranger = await fakeProvider()
    const { id: by } = await w.person('ada')
    await addIssuer(w.rooms.issuers, {
      ...{ name: 'acme', issuer: acme.issuer, uses: ['id_jag'], algorithms: ['ES256'] },
      ...{ trust: 3, ceiling: null, ownerId: by, by, mostLifeSeconds: LIFE },
      people: { provider: w.provider, delegates: true },
    })
  })
  after(() => Promise.all([acme.close(), stranger.close()]))

  const now = () => Math.floor(world().clock.now() / 1000)
  const claims = (more: Claims = {}): Record<string, unknown> => ({
    ...{ iss: acme.issuer, sub: 'sam', aud: world().issuer, client_id: 'refund-bot' },
    ...{ iat: now(), exp: now() + LIFE, jti: `j${count++}`, scope: 'orders.read' },
    ...more,
  })
  const jag = (more: Claims = {}, header: Claims = {}, by = acme) =>
    by.sign(claims(more), { typ: ID_JAG, ...header })

  async function redeem(assertion: string, key?: TestKey, form: Claims = {}): Promise<Answer> {
    const { agent } = world()
    const own = { client_assertion_type: JWT_BEARER, client_assertion: await agent.assertion() }
    const asked = { grant_type: GRANT, assertion, ...own, ...form } as Record<string, string> // as a form has it
    return agent.tokenRequest(key ?? (await newKey()), asked)
  }

  it('opens a task that says who acted elsewhere, and a page says it too', async () => {
    const w = world()
    const act = { iss: acme.issuer, sub: 'planner', sub_profile: 'ai_agent' }
    const { body, text } = await redeem(await jag({ act }))
    assert.equal(body.token_type, 'DPoP', text)
    assert.deepEqual(decode(String(body.access_token)).claims.act, {
      ...{ iss: w.issuer, sub: 'refund-bot', sub_profile: 'ai_agent', act },
    })
    const page = await (await w.browser('sam')).get(`${w.issuer}/tasks/${body.task_id}`)
    assert.match(page.text, new RegExp(`planner[^]*of[^]*${new URL(acme.issuer).port}`))
    const shown = await (await w.api('sam')).send('GET', `/tasks/${body.task_id}`)
    assert.deepEqual(shown.body.actors, [act])
  })

  /** Each guard by what gets past when it is gone. */
  it('X3, X4: is refused when anything about it is another’s, old, or by the message’s own word', async () => {
    const w = world()
    const before = (await listTasks(w.rooms.storage.read, { limit: 500 })).length
    const own = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const jwk = own.publicKey.export({ format: 'jwk' })
    const pem = acme.publicKey.export({ format: 'pem', type: 'spki' }).toString()
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey
    const typed = { typ: ID_JAG }
    const sign = (more: Claims, header: Claims, key = own.privateKey) =>
      acme.sign(claims(more), { typ: ID_JAG, ...header }, key)
    const wrong: Record<string, readonly [string, RegExp]> = {
      'the type of an access token': [await jag({}, { typ: 'at+jwt' }), /grant\.not_accepted/],
      'the type of a transaction token': [
        await jag({}, { typ: 'txntoken+jwt' }),
        /grant\.not_accepted/,
      ],
      'no type': [await jag({}, { typ: undefined }), /oauth\.invalid_request|issuer\./],
      'another server': [await jag({ aud: 'https://b.example' }), /token\.wrong_audience/],
      'our server and another': [
        await jag({ aud: [w.issuer, 'https://b.example'] }),
        /token\.wrong_audience/,
      ],
      'the token endpoint': [
        await jag({ aud: `${w.issuer}/oauth/token` }),
        /token\.wrong_audience/,
      ],
      'no audience': [await jag({ aud: undefined }), /token\.wrong_audience|token\.malformed/],
      'an issuer nobody trusts': [
        await jag({ iss: stranger.issuer }, {}, stranger),
        /issuer\.not_trusted/,
      ],
      'an issuer that only looks like it': [
        await jag({ iss: `${acme.issuer}/` }),
        /issuer\.not_trusted/,
      ],
      'no issuer': [await jag({ iss: undefined }), /issuer\.not_trusted|token\./],
      'signed by another': [await jag({}, {}, stranger), /token\.bad_signature/],
      'no id': [await jag({ jti: undefined }), /token\.malformed/],
      'an id that is empty': [await jag({ jti: '' }), /token\.malformed/],
      over: [await jag({ iat: now() - 200, exp: now() - 1 }), /token\.expired/],
      'without an end': [await jag({ exp: undefined }), /token\.malformed/],
      'without a beginning': [await jag({ iat: undefined }), /token\.malformed/],
      'from the future': [await jag({ iat: now() + 60, exp: now() + 120 }), /token\.not_yet_valid/],
      'longer than its issuer may': [await jag({ exp: now() + LIFE + 1 }), /token\.too_long_lived/],
      'another client': [await jag({ client_id: 'helper' }), /subject_token\.not_for_agent/],
      'no client': [await jag({ client_id: undefined }), /subject_token\.not_for_agent/],
      'several clients': [await jag({ client_id: ['refund-bot'] }), /subject_token\.not_for_agent/],
      'another key': [await jag({ cnf: { jkt: 'x'.repeat(43) } }), /subject_token\.not_for_agent/],
      'a resource that is not here': [
        await jag({ resource: 'https://api.example' }),
        /grant\.not_accepted/,
      ],
      'a key in its header': [await sign({}, { jwk, kid: undefined }), /token\./],
      'a key set in its header': [
        await sign({}, { jku: `${stranger.issuer}/jwks`, kid: 'mine' }),
        /token\.unknown_key/,
      ],
      'a certificate in its header': [await sign({}, { x5c: ['AAAA'] }), /token\.bad_signature/],
      'no algorithm': [unsigned(claims()), /token\.malformed/],
      'a public key as a secret': [hs256(claims(), pem, typed), /token\.wrong_algorithm/],
      'an algorithm that its issuer does not use': [
        await sign({}, { alg: 'RS256' }, rsa),
        /token\.wrong_algorithm/,
      ],
      'something that has to be understood': [
        await jag({}, { crit: ['b64'], b64: true }),
        /token\.malformed|grant\.not_accepted|oauth\.invalid_request/,
      ],
    }
    for (const [name, [assertion, code]] of Object.entries(wrong)) {
      const { status, text } = await redeem(assertion)
      assert.equal(status, 400, `${name}: ${text}`)
      assert.match(text, code, name)
      assert.doesNotMatch(text, /access_token/, name)
    }
    // What it says beyond the resource that it is for grants nothing, asked for or not.
    const wide = { resource: w.orders, scope: 'orders.read echo.list' }
    const elsewhere = await redeem(await jag(wide), undefined, { resource: `${w.gateway}/echo` })
    assert.match(elsewhere.text, /task\.resource_not_granted/)
    assert.deepEqual(stranger.asked, [], 'nothing is fetched from where a message says')
    assert.equal((await listTasks(w.rooms.storage.read, { limit: 500 })).length, before)
    assert.equal((await redeem(await jag(wide))).body.scope, 'orders.read')
  })

  it('counts once, whoever comes with it, and for the key that it names', async () => {
    const once = await jag()
    assert.equal((await redeem(once)).status, 200)
    assert.match((await redeem(once)).text, /subject_token\.replayed/)
    // The same id in other words is the same assertion; to another issuer it would be another.
    const jti = 'the-same'
    assert.equal((await redeem(await jag({ jti }))).status, 200)
    assert.match((await redeem(await jag({ jti, sub: 'fiona' }))).text, /subject_token\.replayed/)
    const key = await newKey()
    const bound = await jag({ cnf: { jkt: key.thumbprint } })
    assert.match((await redeem(bound)).text, /subject_token\.not_for_agent/)
    assert.equal((await redeem(bound, key)).status, 200, 'refused, it was not used up')
  })

  it('asks the person where its issuer does not say why, and the page says who is behind it', async () => {
    const w = world()
    const { id, issuer } = await w.person('sam')
    const { id: by } = await w.person('ada')
    for (const basis of await basesOfPerson(w.rooms.storage.read, id, w.clock.now()))
      await endBasis(w.rooms.decisions, { basisId: basis.id, by: id })
    await setIssuerTerms(w.rooms.issuers, {
      name: 'acme',
      terms: {
        ...{ uses: ['id_jag'], algorithms: ['ES256'], trust: 3, ceiling: null, ownerId: by },
        people: { provider: issuer },
      },
      by,
    })
    const act = { iss: acme.issuer, sub: '<b>planner</b>' }
    const asked = await redeem(await jag({ act }))
    assert.match(asked.text, /interaction_required/)
    const [question] = await pendingConsents(w.rooms.storage.read, id, w.clock.now())
    const page = await (await w.browser('sam')).get(`${w.issuer}/consent/${question?.id}`)
    assert.ok(page.text.includes(`Behind it <b>planner</b> of ${acme.issuer}`), page.text)
    assert.ok(!page.html.includes('<b>planner'), 'as text')
  })
})
