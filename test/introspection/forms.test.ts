import assert from 'node:assert/strict'
import { before, it } from 'node:test'
import { setTokens } from '../../src/catalog/catalog-changes/index.ts'
import type { Id } from '../../src/platform/lib/id.ts'
import { findTask } from '../../src/tasks/tasks/index.ts'
import type { OpenTask } from '../agent.ts'
import { Pep } from '../conformance/authzen/pdp.ts'
import { assertDenied, assertUnidentified } from '../refusals.ts'
import {
  addRules,
  allOf,
  type KnownShop,
  letIn,
  sdkTask,
  shopBehind,
  shopDirect,
} from '../sdk/shops.ts'
import { decode, newKey } from '../signing.ts'
import { inEachWorld, type World } from '../world.ts'
import { askAs, askWith, ECHO_RULES, enforcerOf } from './asking.ts'

const ECHO = '/echo/things/1'

async function form(
  w: World,
  name: string,
  wish: Omit<Parameters<typeof setTokens>[1], 'name' | 'by'>,
) {
  const { id: by } = await w.person('ada')
  await setTokens(w.rooms.connections, { name, by, ...wish })
}

inEachWorld('opaque tokens', (world) => {
  let shop: KnownShop
  let api: Awaited<ReturnType<typeof enforcerOf>>
  let task: OpenTask
  let token: string

  before(async () => {
    const w = world()
    shop = await shopDirect(w, 'web')
    await letIn(w, [shop])
    await addRules(w, ECHO_RULES)
    api = await enforcerOf(w, shop)
    await form(w, shop.name, { form: 'opaque' })
    await form(w, 'echo', { form: 'opaque' })
    task = await w.open({ details: [...w.everything, allOf(shop)] })
    token = await w.agent.token(task, `${w.gateway}/echo`)
  })

  it('say nothing, are kept as a digest only, and open the same doors as JWTs', async () => {
    const w = world()
    assert.match(token, /^remit_at_[A-Za-z0-9_-]{43}$/)
    assert.equal((await w.agent.call(task, 'GET', ECHO, { token })).status, 200)
    const narrow = await w.agent.askToken(task, `${w.gateway}/echo`, {
      form: { scope: 'echo.read' },
    })
    assert.ok(String(narrow.body.access_token).startsWith('remit_at_'), narrow.text)
    const rows = await w.rooms.storage.read.selectFrom('bearer_tokens').selectAll().execute()
    assert.ok(rows.length > 0 && !JSON.stringify(rows).includes(token))
    const jwt = await w.agent.token(task, w.orders)
    assert.equal(decode(jwt).claims.aud, w.orders, 'others stay as they were')
  })

  it('introspection tells what they stand for, to the API and to their agent', async () => {
    const w = world()
    const opaque = await w.agent.token(task, shop.identifier)
    const { body, text } = await askWith(w, api.secret, opaque)
    assert.equal(body.active, true, text)
    assert.equal(body.token_type, 'DPoP')
    assert.deepEqual(body.cnf, { jkt: task.key.thumbprint })
    assert.equal(body.aud, shop.identifier)
    assert.equal(body.client_id, task.id)
    assert.equal(body.sub, (await w.person('sam')).id)
    assert.equal(Number(body.exp) - Number(body.iat), 300)
    assert.equal((await askAs(w, w.agent, opaque)).body.active, true)
    assert.deepEqual((await askWith(w, api.secret, token)).body, { active: false }, 'of another')
  })

  it('the SDK calls with one, and its middleware asks about it', async () => {
    const w = world()
    const sdk = await sdkTask(w, { details: [allOf(shop)] })
    const answer = await sdk.fetch(`${shop.identifier}/items`, { resource: shop.identifier })
    assert.equal(answer.status, 200, await answer.clone().text())
  })

  it('D3, D4: bound like any other: another key, no proof, a proof of another token, Bearer', async () => {
    const w = world()
    const url = w.gateway + ECHO
    const by = async (key: OpenTask['key'], named: string) =>
      w.agent.proof(key, { method: 'GET', url, token: named })
    const denied = async (code: Parameters<typeof assertDenied>[1], calling: object) =>
      assertDenied(await w.agent.call(task, 'GET', ECHO, { token, ...calling }), code)
    await denied('proof.wrong_key', { proofs: [await by(await newKey(), token)] })
    await denied('proof.wrong_token', { proofs: [await by(task.key, 'another')] })
    await denied('proof.missing', { proofs: [] })
    for (const odd of [{}, { proofs: [] }])
      assertUnidentified(
        await w.agent.call(task, 'GET', ECHO, { token, scheme: 'Bearer', ...odd }),
        'token.wrong_scheme',
      )
    const used = await by(task.key, token)
    assert.equal((await w.agent.call(task, 'GET', ECHO, { token, proofs: [used] })).status, 200)
    await denied('proof.replayed', { proofs: [used] })
  })

  it('X3, T4: another resource, another task, a changed handle', async () => {
    const w = world()
    const elsewhere = await w.agent.call(task, 'GET', '/orders/orders/1042', { token })
    assertUnidentified(elsewhere, 'token.wrong_audience')
    const other = await w.open()
    const url = w.gateway + ECHO
    const proofs = [await w.agent.proof(other.key, { method: 'GET', url, token })]
    assertDenied(await w.agent.call(other, 'GET', ECHO, { token, proofs }), 'proof.wrong_key')
    const last = token.at(-1) === 'A' ? 'B' : 'A'
    for (const bad of [token.slice(0, -1), `${token}A`, token.slice(0, -1) + last])
      assert.equal((await w.agent.call(task, 'GET', ECHO, { token: bad })).status, 401)
  })

  it('end when the task is suspended or closed, the token revoked, the form changed', async () => {
    const w = world()
    const fresh = async () => w.agent.token(task, `${w.gateway}/echo`)
    const before = await fresh()
    await form(w, 'echo', { form: 'jwt' })
    assertDenied(await w.agent.call(task, 'GET', ECHO, { token: before }), 'token.stale')
    assert.equal(decode(await fresh()).claims.client_id, task.id)
    await form(w, 'echo', { form: 'opaque' })
    const revoked = await fresh()
    await w.agent.revoke(revoked)
    assertDenied(await w.agent.call(task, 'GET', ECHO, { token: revoked }), 'token.stale')
    assert.equal((await findTask(w.rooms.storage.read, task.id as Id<'task'>))?.state, 'open')
    const last = await fresh()
    await w.agent.about(task, 'DELETE', '')
    assertDenied(await w.agent.call(task, 'GET', ECHO, { token: last }), 'task.closed')
  })
})

inEachWorld('names for one API alone', (world) => {
  let behind: KnownShop
  let shop: KnownShop
  let api: Awaited<ReturnType<typeof enforcerOf>>

  before(async () => {
    const w = world()
    behind = await shopBehind(w, 'web')
    shop = await shopDirect(w, 'web')
    await letIn(w, [behind, shop])
    api = await enforcerOf(w, shop)
    for (const { name } of [behind, shop]) await form(w, name, { subjects: 'pairwise' })
  })

  it('are the same for ever at one API, others at each, and say nothing of the person', async () => {
    const w = world()
    const sam = await w.person('sam')
    const subOf = async (task: OpenTask, resource: string) =>
      decode(await w.agent.token(task, resource)).claims
    const details = [...w.everything, allOf(behind), allOf(shop)]
    const [one, two] = [await w.open({ details }), await w.open({ details })]
    const first = await subOf(one, behind.identifier)
    assert.match(String(first.sub), /^pairwise_[A-Za-z0-9_-]{43}$/)
    assert.equal(first.sub_id, undefined)
    assert.equal(first.sub_profile, 'user')
    assert.deepEqual(first.act, { iss: w.issuer, sub: 'refund-bot', sub_profile: 'ai_agent' })
    assert.ok(!JSON.stringify(first).includes(sam.id))
    assert.equal((await subOf(two, behind.identifier)).sub, first.sub)
    assert.notEqual((await subOf(one, shop.identifier)).sub, first.sub)
    assert.equal((await subOf(one, w.orders)).sub, sam.id, 'others stay as they were')
    await w.restart()
    assert.equal((await subOf(one, behind.identifier)).sub, first.sub)
  })

  it('introspection, opaque or not, and what an API is told about a call, say the same name', async () => {
    const w = world()
    const sam = await w.person('sam')
    const task = await w.open({ details: [allOf(behind), allOf(shop)] })
    const token = await w.agent.token(task, shop.identifier)
    const { sub } = decode(token).claims
    const told = await askWith(w, api.secret, token)
    assert.equal(told.body.sub, sub)
    assert.equal(told.body.sub_id, undefined)
    const sdk = await sdkTask(w, { details: [allOf(behind), allOf(shop)] })
    const answer = await sdk.fetch(`${shop.identifier}/items`, { resource: shop.identifier })
    assert.equal(answer.status, 200, await answer.clone().text())
    assert.deepEqual(shop.handled.at(-1)?.call.person, { id: sub })
    const through = await sdk.fetch(`${behind.identifier}/items`)
    assert.equal(through.status, 200, await through.clone().text())
    const atBehind = decode(await w.agent.token(task, behind.identifier)).claims.sub
    assert.deepEqual(behind.handled.at(-1)?.call.person, { id: atBehind })
    await form(w, shop.name, { form: 'opaque' })
    const opaque = await w.agent.token(task, shop.identifier)
    const { body } = await askWith(w, api.secret, opaque)
    assert.equal(body.sub, sub)
    assert.equal(body.sub_id, undefined)
    // The books name the person as ever.
    const decisions = (await w.ledger()).filter(({ resource }) => resource === behind.name)
    assert.ok(decisions.some(({ person }) => person === sam.id))
    assert.ok(!JSON.stringify(decisions).includes('pairwise_'))
  })

  it('an enforcement point of others names the person as the token does', async () => {
    const w = world()
    const pep = await Pep.add(w, 'at-the-shop')
    const sam = await w.person('sam')
    const task = await w.open({ details: [allOf(behind)] })
    const token = await w.agent.token(task, behind.identifier)
    const url = `${behind.identifier}/items`
    const ask = async (id: string) => {
      const dpop = await w.agent.proof(task.key, { method: 'GET', url, token })
      const shown = { task: task.id, access_token: token, dpop, method: 'GET', url }
      const { body } = await pep.evaluate({
        subject: { type: 'user', id },
        action: { name: `${behind.name}.list` },
        resource: { type: 'resource', id: behind.name },
        context: { args: {}, ...shown },
      })
      return body
    }
    const own = String(decode(token).claims.sub)
    assert.equal((await ask(own)).decision, true)
    assert.equal((await ask(sam.id)).decision, false, 'that name is not known there')
    const dpop = await w.agent.proof(task.key, { method: 'GET', url, token })
    const found = await pep.search('subject', {
      subject: { type: 'user' },
      action: { name: `${behind.name}.list` },
      resource: { type: 'resource', id: behind.name },
      context: { args: {}, task: task.id, access_token: token, dpop, method: 'GET', url },
    })
    assert.deepEqual(found.body.results, [{ type: 'user', id: own }], found.text)
  })

  it('a token from before the change does not work any more', async () => {
    const w = world()
    const task = await w.open({ details: [allOf(behind)] })
    const token = await w.agent.token(task, behind.identifier)
    await form(w, behind.name, { subjects: 'public' })
    const path = new URL(`${behind.identifier}/items`).pathname
    assertDenied(await w.agent.call(task, 'GET', path, { token }), 'token.unknown_task')
    await form(w, behind.name, { subjects: 'pairwise' })
  })
})
