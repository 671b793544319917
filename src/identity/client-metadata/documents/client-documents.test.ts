import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem, type ProblemCode } from '../../../platform/lib/problem.ts'
import { SECOND } from '../../../platform/lib/time-units.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { registerAgent } from '../../agents/register.ts'
import { CEILING, keyPair } from '../../agents/testing.ts'
import { someone } from '../../people/testing.ts'
import { addAdmissionRule } from '../admission/change-rules.ts'
import { OF_KNOWN, OF_ORIGIN, OF_STRANGERS } from './fetch-budget.ts'
import { documentAt, documented, documentedOver, NOTES } from './testing.ts'

const JWKS = 'https://keys.example/jwks'
const PROVES = { token_endpoint_auth_method: 'private_key_jwt', jwks_uri: JWKS }

const rejects = (work: Promise<unknown>, code: ProblemCode, hint?: string) =>
  assert.rejects(work, (error) => error instanceof Problem && error.code === code, hint)

forEachEngine('documents of clients', (open) => {
  test('one fetch for everybody who asks at once, and for as long as it may be kept', async () => {
    const { documents, elsewhere, parts } = await documented(await open())
    elsewhere.put(NOTES, documentAt(NOTES), { 'cache-control': 'max-age=60' })
    const all = await Promise.all(Array.from({ length: 64 }, () => documents.find(NOTES)))
    assert.equal(new Set(all).size, 1)
    assert.equal(elsewhere.count(NOTES), 1)
    parts.clock.advance(59 * SECOND)
    await documents.find(NOTES)
    assert.equal(elsewhere.count(NOTES), 1)
    parts.clock.advance(SECOND)
    await documents.find(NOTES)
    assert.equal(elsewhere.count(NOTES), 2)
  })

  test('what failed, or was not acceptable, is not kept, and neither is what was there before', async () => {
    const { documents, elsewhere, parts } = await documented(await open())
    await rejects(documents.find(NOTES), 'client_document.unavailable')
    elsewhere.put(NOTES, documentAt(NOTES, { client_secret: 'x' }))
    await rejects(documents.find(NOTES), 'client_document.invalid')
    elsewhere.put(NOTES, documentAt(NOTES), { 'cache-control': 'max-age=60' })
    assert.equal((await documents.find(NOTES)).clientName, 'Notes')
    parts.clock.advance(60 * SECOND)
    elsewhere.gone(NOTES)
    await rejects(documents.find(NOTES), 'client_document.unavailable', 'no older one is used')
    elsewhere.put(NOTES, documentAt(NOTES))
    await documents.find(NOTES)
    assert.equal(elsewhere.count(NOTES), 5)
  })

  test('failures are shared by those who waited, and by nobody after them', async () => {
    const { documents, elsewhere } = await documented(await open())
    const all = await Promise.allSettled(Array.from({ length: 64 }, () => documents.find(NOTES)))
    assert.ok(all.every(({ status }) => status === 'rejected'))
    assert.equal(elsewhere.count(NOTES), 1)
  })

  test('M4: ten thousand addresses that nobody knows are fetched as often as the budget says, and known ones go on', async () => {
    const { documents, elsewhere, parts } = await documented(await open())
    const ada = await someone(parts, 'ada')
    const house = {
      documentHosts: ['house.example'],
      redirectHosts: [],
      trust: 1,
      ceiling: CEILING,
    }
    await addAdmissionRule(parts, { name: 'house', ...house, ownerId: ada.id, by: ada.id })
    const known = 'https://house.example/c.json'
    elsewhere.put(known, documentAt(known))
    // The budget does not depend on the engine; what it costs to ask does.
    const many = parts.storage.engine === 'sqlite' ? 10_000 : 1_000
    const ids = Array.from({ length: many }, (_, i) => `https://h${i}.example/c.json`)
    const tried = await Promise.allSettled(ids.map((id) => documents.find(id)))
    const codes = new Map<string, number>()
    for (const one of tried)
      if (one.status === 'rejected')
        codes.set(one.reason.code, (codes.get(one.reason.code) ?? 0) + 1)
    assert.equal(elsewhere.asked.length, OF_STRANGERS.burst)
    assert.equal(codes.get('client_document.too_many'), many - OF_STRANGERS.burst)
    await documents.find(known)
    // What recovers is as much as was said, and no more.
    parts.clock.advance(10 * SECOND)
    await Promise.allSettled(ids.slice(0, 200).map((id) => documents.find(id)))
    assert.equal(elsewhere.asked.length, OF_STRANGERS.burst + 1 + 10 * OF_STRANGERS.perSecond)
  })

  test('one origin is asked so often, whoever its addresses are of', async () => {
    const { documents, elsewhere, parts } = await documented(await open())
    const ids = Array.from({ length: 100 }, (_, i) => `https://app.example/${i}.json`)
    await Promise.allSettled(ids.map((id) => documents.find(id)))
    assert.equal(elsewhere.asked.length, OF_ORIGIN.burst)
    const other = 'https://other.example/c.json'
    elsewhere.put(other, documentAt(other))
    await documents.find(other)
    parts.clock.advance(5 * SECOND)
    await Promise.allSettled(ids.map((id) => documents.find(id)))
    assert.equal(elsewhere.asked.length, OF_ORIGIN.burst + 2)
    assert.ok(OF_KNOWN.burst > OF_STRANGERS.burst)
  })

  test('keys that are elsewhere are fetched with it; one that is not there costs one more fetch in half a minute', async () => {
    const { documents, elsewhere, parts } = await documented(await open())
    const [first, second] = [keyPair('ec'), keyPair('ed25519')]
    elsewhere.put(NOTES, documentAt(NOTES, PROVES))
    elsewhere.put(JWKS, { keys: [{ ...first.jwk, kid: 'one' }] })
    assert.equal((await documents.findKey(NOTES, { kid: 'one' }))?.kid, 'one')
    assert.equal((await documents.findKey(NOTES, { kid: undefined }))?.kid, 'one')
    elsewhere.put(JWKS, { keys: [{ ...second.jwk, kid: 'two' }] })
    for (let i = 0; i < 20; i++)
      assert.equal(await documents.findKey(NOTES, { kid: 'two' }), undefined)
    assert.equal(elsewhere.count(JWKS), 1, 'it was fetched a moment ago')
    parts.clock.advance(31 * SECOND)
    assert.equal((await documents.findKey(NOTES, { kid: 'two' }))?.kid, 'two')
    assert.equal(elsewhere.count(JWKS), 2)
    // The life of both is the shorter one, and a set that is gone is no set.
    elsewhere.gone(JWKS)
    parts.clock.advance(301 * SECOND)
    await rejects(documents.findKey(NOTES, { kid: 'two' }), 'client_document.unavailable')
  })

  test('answers go to the origin of the document, to this computer, or where an administrator said', async () => {
    const { documents, elsewhere, parts } = await documented(await open())
    const redirect_uris = ['https://app.example/callback', 'https://elsewhere.example/callback']
    elsewhere.put(NOTES, documentAt(NOTES, { redirect_uris }))
    await rejects(documents.find(NOTES), 'client_document.invalid')
    const ada = await someone(parts, 'ada')
    const rule = (name: string, documentHost: string, redirectHost: string) =>
      addAdmissionRule(parts, {
        ...{ name, documentHosts: [documentHost], redirectHosts: [redirectHost], trust: 1 },
        ...{ ceiling: CEILING, ownerId: ada.id, by: ada.id },
      })
    await rule('others', 'other.example', 'elsewhere.example')
    await rejects(documents.find(NOTES), 'client_document.invalid', 'a rule about other documents')
    await rule('app', 'app.example', 'elsewhere.example')
    // At once, whatever is kept.
    assert.deepEqual((await documents.find(NOTES)).redirectUris, redirect_uris)
    for (const near of ['https://app.example:8443/cb', 'https://sub.app.example/cb']) {
      const url = 'https://near.example/c.json'
      elsewhere.put(url, documentAt(url, { redirect_uris: [near] }))
      await rejects(documents.find(url), 'client_document.invalid', near)
    }
    const here = 'https://here.example/c.json'
    elsewhere.put(here, documentAt(here, { redirect_uris: ['http://127.0.0.1:8123/cb'] }))
    await documents.find(here)
  })

  test('listed: nothing is fetched but what an administrator knows; off: nothing is', async () => {
    const { documents, elsewhere, parts } = await documented(await open(), 'listed')
    const ada = await someone(parts, 'ada')
    const [ruled, agent] = ['https://house.example/c.json', 'https://agent.example/c.json']
    for (const url of [NOTES, ruled, agent]) elsewhere.put(url, documentAt(url))
    for (const url of [NOTES, ruled, agent])
      await rejects(documents.find(url), 'client_document.refused')
    assert.deepEqual(elsewhere.asked, [])
    const what = { trust: 1, ceiling: CEILING, ownerId: ada.id, by: ada.id }
    await addAdmissionRule(parts, {
      ...{ name: 'house', documentHosts: ['house.example'], redirectHosts: [], ...what },
    })
    await registerAgent(parts, { ...what, name: agent, description: '' })
    await documents.find(ruled)
    await documents.find(agent)
    await rejects(documents.find(NOTES), 'client_document.refused')
    assert.deepEqual(elsewhere.asked, [ruled, agent])
    const off = documentedOver(parts, 'off')
    off.elsewhere.put(ruled, documentAt(ruled))
    await rejects(off.documents.find(ruled), 'client_document.refused')
    assert.ok(!off.documents.areFetched && documents.areFetched)
  })

  test('what is no address of a document is refused without asking anyone', async () => {
    const { documents, elsewhere } = await documented(await open())
    for (const id of ['http://app.example/c', 'https://app.example/', 'https://u@app.example/c'])
      await rejects(documents.find(id), 'client_document.invalid', id)
    assert.deepEqual(elsewhere.asked, [])
  })
})
