import assert from 'node:assert/strict'
import { test } from 'node:test'
import { agentIdOf } from '../../../platform/lib/client-url.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { HOUR } from '../../../platform/lib/time-units.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findAgent } from '../../agents/agent-store.ts'
import { registerAgent } from '../../agents/register.ts'
import { CEILING, keyPair } from '../../agents/testing.ts'
import { someone } from '../../people/testing.ts'
import type { KeyChange } from '../admission/admission-rule.ts'
import { admitAgentIn, admitByRule } from '../admission/admit-agent.ts'
import { addAdmissionRule } from '../admission/change-rules.ts'
import { selfOf } from '../description.ts'
import { findDescription } from '../description-store.ts'
import { ClientDocuments } from './client-documents.ts'
import { documentAt, documented, NOTES } from './testing.ts'

const ID = agentIdOf(NOTES)
const [OLD, NEW] = [
  { ...keyPair('ec').jwk, kid: 'old' },
  { ...keyPair('ec').jwk, kid: 'new' },
]
const proving = (...keys: object[]) => ({
  token_endpoint_auth_method: 'private_key_jwt',
  jwks: { keys },
})

forEachEngine('documents that change', (open) => {
  /** A client that a person brought, let in by a rule. */
  async function begun(document: object = {}, keyChange?: KeyChange) {
    const made = await documented(await open())
    const { documents, elsewhere, ended, parts } = made
    const ada = await someone(parts, 'ada')
    await addAdmissionRule(parts, {
      ...{ name: 'app', documentHosts: ['app.example'], redirectHosts: [], trust: 1, keyChange },
      ...{ ceiling: CEILING, ownerId: ada.id, by: ada.id },
    })
    const put = (over: object) => elsewhere.put(NOTES, documentAt(NOTES, { ...over }))
    put(document)
    const client = selfOf(await documents.find(NOTES))
    await parts.storage.transaction((tx) => admitAgentIn(parts, tx, client, ada.id))
    const again = async (over: object) => {
      put(over)
      parts.clock.advance(HOUR)
      ended.length = 0
      await documents.find(NOTES)
      const told = (await parts.recorded()).filter(({ type }) => type === 'agent.described_anew')
      return { ended: [...ended], told, agent: await findAgent(parts.storage.read, ID) }
    }
    const bring = (as: typeof client) =>
      parts.storage.transaction((tx) => admitAgentIn(parts, tx, as, ada.id))
    return { ...made, ada, again, bring, client, put }
  }

  test('the agent is described as it was let in', async () => {
    const { parts } = await begun(proving(OLD))
    const agent = await findAgent(parts.storage.read, ID)
    assert.deepEqual([agent?.clientUrl, agent?.admission, agent?.trust], [NOTES, 'app', 1])
    assert.match(agent?.name ?? '', /^Notes \(app\.example [0-9a-f]{8}\)$/)
    const description = await findDescription(parts.storage.read, ID)
    assert.deepEqual(description?.proves.methods, ['private_key_jwt'])
    assert.equal(description?.proves.keys.length, 1)
    assert.deepEqual(description?.redirectUris, ['https://app.example/callback'])
  })

  test('M3: another name, address or way to authenticate ends what people allowed', async () => {
    for (const over of [
      { client_name: 'Bank' },
      { redirect_uris: ['https://app.example/other'] },
      { redirect_uris: ['https://app.example/callback', 'http://127.0.0.1/cb'] },
      proving(OLD),
    ]) {
      const { again, parts } = await begun()
      const before = await parts.liveOf('agent', ID)
      const { agent, ended, told } = await again(over)
      assert.deepEqual(ended, [ID], JSON.stringify(over))
      assert.equal(told.length, 1)
      assert.equal(agent?.status, 'active')
      assert.ok((await parts.liveOf('agent', ID)).epoch > before.epoch)
      // Once: the next fetch finds what is known by now.
      assert.deepEqual((await again(over)).ended, [])
      assert.equal(
        (await parts.recorded()).filter(({ type }) => type === 'agent.described_anew').length,
        1,
      )
    }
  })

  test('the same in another order, or with what is not used, is no change', async () => {
    const redirect_uris = ['https://app.example/a', 'https://app.example/b']
    const { again } = await begun({ redirect_uris, ...proving(OLD, NEW) })
    const over = { redirect_uris: redirect_uris.toReversed(), ...proving(NEW, OLD), logo_uri: 'x' }
    const { ended, told } = await again(over)
    assert.deepEqual([ended, told], [[], []])
  })

  test('a key that was not there does what the rule says; one that is gone ends nothing', async () => {
    const cases: [KeyChange | undefined, string[], string][] = [
      [undefined, [ID], 'active'],
      ['ask', [ID], 'active'],
      ['accept', [], 'active'],
      ['suspend', [ID], 'suspended'],
    ]
    for (const [keyChange, ends, status] of cases) {
      const { again } = await begun(proving(OLD), keyChange)
      const { agent, ended, told } = await again(proving(OLD, NEW))
      assert.deepEqual([ended, agent?.status, told.length], [ends, status, 1], String(keyChange))
      const gone = await again(proving(NEW))
      assert.deepEqual([gone.ended, gone.told.length], [[], 2])
    }
  })

  test('an administrator who registered keys is not overruled by those of the document', async () => {
    const { documents, elsewhere, ended, parts } = await documented(await open())
    const ada = await someone(parts, 'ada')
    const what = { trust: 1, ceiling: CEILING, ownerId: ada.id, by: ada.id, description: '' }
    await registerAgent(parts, { ...what, name: NOTES, keys: [OLD] })
    for (const keys of [[OLD], [OLD, NEW]]) {
      elsewhere.put(NOTES, documentAt(NOTES, proving(...keys)))
      await documents.find(NOTES)
      parts.clock.advance(HOUR)
    }
    assert.deepEqual(ended, [])
  })

  test('what follows is done before anyone goes on, and again when it could not be', async () => {
    const { documents, elsewhere, parts, put } = await begun()
    put({ client_name: 'Bank' })
    let tries = 0
    const broken = new ClientDocuments({
      ...parts,
      fetchDocument: elsewhere.fetchDocument,
      policy: 'on',
      endConsents: async () => {
        if (tries++ === 0) throw new Problem('storage.unavailable', 'not now')
      },
    })
    await assert.rejects(broken.find(NOTES), { code: 'storage.unavailable' })
    assert.equal((await findDescription(parts.storage.read, ID))?.clientName, 'Notes')
    await broken.find(NOTES)
    assert.deepEqual(
      [tries, (await findDescription(parts.storage.read, ID))?.clientName],
      [2, 'Bank'],
    )
    assert.equal((await documents.find(NOTES)).clientName, 'Notes', 'kept by another replica')
  })

  test('many first proofs at once make one agent, and many fetches of a change one record', async () => {
    const { ada, documents, elsewhere, ended, parts } = await begun()
    const url = 'https://app.example/other.json'
    elsewhere.put(url, documentAt(url, { ...proving(OLD) }))
    const client = selfOf(await documents.find(url))
    const all = await Promise.all(Array.from({ length: 32 }, () => admitByRule(parts, client)))
    assert.deepEqual(new Set(all.map((agent) => agent?.id)), new Set([agentIdOf(url)]))
    assert.equal(all[0]?.ownerId, ada.id)
    const told = async (type: string) =>
      (await parts.recorded()).filter((one) => one.type === type && one.agent === agentIdOf(url))
    assert.equal((await told('agent.admitted')).length, 1)
    elsewhere.put(url, documentAt(url, { client_name: 'Bank', ...proving(OLD) }))
    // Each as another replica.
    await Promise.all(
      Array.from({ length: 8 }, () => {
        const ports = { ...parts, fetchDocument: elsewhere.fetchDocument, policy: 'on' } as const
        return new ClientDocuments({
          ...ports,
          endConsents: async (id) => void ended.push(id),
        }).find(url)
      }),
    )
    assert.equal((await told('agent.described_anew')).length, 1)
    assert.ok(ended.length >= 1)
  })

  test('whom a person brings is who they were shown', async () => {
    const { again, bring, client, documents } = await begun(proving(OLD))
    await bring(client)
    for (const over of [{ client_name: 'Bank', ...proving(OLD) }, proving(OLD, NEW)]) {
      await again(over)
      await assert.rejects(bring(client), { code: 'authorization.changed' })
      await bring(selfOf(await documents.find(NOTES)))
    }
  })
})
