import assert from 'node:assert/strict'
import { test } from 'node:test'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { someone } from '../people/testing.ts'
import { suspendPerson } from '../sessions/index.ts'
import { listKeys } from './agent-key-store.ts'
import { findAgent, listAgents } from './agent-store.ts'
import { linkClient, unlinkClient } from './change-clients.ts'
import { addKey, revokeKey } from './change-keys.ts'
import { setCeiling, setOwner, setTrust } from './change-limits.ts'
import { resumeAgent, retireAgent, suspendAgent } from './change-status.ts'
import { CEILING, keyPair, registered, testAgents } from './testing.ts'

const by = 'operator'
const agentId = 'refund-bot'

forEachEngine('agents', (open) => {
  test('a registered agent is alive and reads back as it was described', async () => {
    const { parts, ada } = await testAgents(await open())
    const { jwk } = keyPair()
    const clients = [{ issuer: 'https://idp.example', clientId: 'bot' }]
    const agent = await registered(parts, ada, { keys: [{ ...jwk, kid: 'k1' }], clients })
    assert.deepEqual(await findAgent(parts.storage.read, agentId), agent)
    assert.deepEqual(agent.clients, clients)
    assert.equal(agent.mayDelegate, null)
    assert.deepEqual(await parts.liveOf('agent', agentId), { epoch: 1, state: 'active' })
    const [key] = await listKeys(parts.storage.read, agentId)
    assert.equal(key?.kid, 'k1')
    assert.equal((await parts.recorded()).at(-1)?.type, 'agent.registered')
  })

  test('a name is given once, also after the agent was retired', async () => {
    const { parts, ada } = await testAgents(await open())
    await registered(parts, ada)
    await assert.rejects(registered(parts, ada), { code: 'agent.exists' })
    await retireAgent(parts, { agentId, by, reason: 'test' })
    await assert.rejects(registered(parts, ada), { code: 'agent.exists' })
  })

  test('of many registrations of one name at once, one succeeds', async () => {
    const { parts, ada } = await testAgents(await open())
    const tries = Array.from({ length: 16 }, () => registered(parts, ada))
    const outcomes = await Promise.allSettled(tries)
    assert.equal(outcomes.filter(({ status }) => status === 'fulfilled').length, 1)
  })

  test('what does not describe an agent is refused, and leaves nothing behind', async () => {
    const { parts, ada } = await testAgents(await open())
    const sam = await someone(parts, 'sam')
    await suspendPerson(parts, { personId: sam.id, by, reason: 'test' })
    const { jwk, privateKey } = keyPair()
    for (const [changes, code] of [
      [{ name: 'Refund Bot' }, 'agent.bad_name'],
      [{ name: 'a' }, 'agent.bad_name'],
      [{ ownerId: 'psn_nobody' }, 'agent.bad_owner'],
      [{ ownerId: sam.id }, 'agent.bad_owner'],
      [{ trust: 4 }, 'agent.bad_trust'],
      [{ trust: '3' }, 'agent.bad_trust'],
      [{ trust: 1.5 }, 'agent.bad_trust'],
      [{ ceiling: [{ type: 'remit_delegate' }] }, 'agent.bad_ceiling'],
      [{ ceiling: [{ ...CEILING[0], wildcard: true }] }, 'agent.bad_ceiling'],
      [{ ceiling: 'all' }, 'agent.bad_ceiling'],
      [{ mayDelegate: CEILING }, 'agent.bad_ceiling'],
      [{ keys: [privateKey.export({ format: 'jwk' })] }, 'agent_key.unacceptable'],
      [{ keys: [keyPair('rsa').jwk] }, 'agent_key.unacceptable'],
      [{ keys: [{ ...jwk, alg: 'RS256' }] }, 'agent_key.unacceptable'],
      [{ keys: [{ ...jwk, use: 'enc' }] }, 'agent_key.unacceptable'],
      [{ keys: [{ ...jwk, kid: 'with space' }] }, 'agent_key.unacceptable'],
      [{ keys: [{ ...jwk, y: jwk.x }] }, 'agent_key.unacceptable'],
      [{ keys: [{ kty: 'oct', k: 'AAAA' }] }, 'agent_key.unacceptable'],
      [{ keys: [null] }, 'agent_key.unacceptable'],
      [{ keys: [jwk, jwk] }, 'agent_key.taken'],
    ] as const)
      await assert.rejects(registered(parts, ada, changes), { code }, JSON.stringify(changes))
    assert.deepEqual(await listAgents(parts.storage.read, { limit: 9 }), [])
    assert.equal((await parts.liveOf('agent', agentId)).state, 'ended')
  })

  test('a key belongs to one agent, and a revoked one to none', async () => {
    const { parts, ada } = await testAgents(await open())
    await registered(parts, ada)
    await registered(parts, ada, { name: 'other-bot' })
    const { jwk } = keyPair('ed25519')
    const { thumbprint } = await addKey(parts, { agentId, jwk, by })
    const taken = { code: 'agent_key.taken' }
    await assert.rejects(addKey(parts, { agentId: 'other-bot', jwk, by }), taken)
    await revokeKey(parts, { agentId, thumbprint, by })
    assert.deepEqual(await listKeys(parts.storage.read, agentId), [])
    await assert.rejects(addKey(parts, { agentId: 'other-bot', jwk, by }), taken)
    await assert.rejects(addKey(parts, { agentId, jwk, by }), taken)
    await assert.rejects(revokeKey(parts, { agentId, thumbprint, by }), {
      code: 'agent_key.unknown',
    })
    await addKey(parts, { agentId, jwk: { ...keyPair().jwk, kid: 'k' }, by })
    await assert.rejects(addKey(parts, { agentId, jwk: { ...keyPair().jwk, kid: 'k' }, by }), taken)
  })

  test('a client at a provider belongs to one agent', async () => {
    const { parts, ada } = await testAgents(await open())
    await registered(parts, ada)
    await registered(parts, ada, { name: 'other-bot' })
    const client = { issuer: 'https://idp.example', clientId: 'bot', by }
    await linkClient(parts, { ...client, agentId })
    await assert.rejects(linkClient(parts, { ...client, agentId: 'other-bot' }), {
      code: 'agent_client.taken',
    })
    await unlinkClient(parts, { ...client, agentId: 'other-bot' })
    assert.equal((await findAgent(parts.storage.read, agentId))?.clients.length, 1)
    await unlinkClient(parts, { ...client, agentId })
    await linkClient(parts, { ...client, agentId: 'other-bot' })
  })

  test('every change raises the epoch once and is recorded with who did it', async () => {
    const { parts, ada } = await testAgents(await open())
    await registered(parts, ada)
    const sam = await someone(parts, 'sam')
    const key = await addKey(parts, { agentId, jwk: keyPair().jwk, by })
    await setCeiling(parts, { agentId, ceiling: [], by })
    await setTrust(parts, { agentId, trust: 1, by })
    await setOwner(parts, { agentId, ownerId: sam.id, by })
    await linkClient(parts, { agentId, issuer: 'https://idp.example', clientId: 'x', by })
    await revokeKey(parts, { agentId, thumbprint: key.thumbprint, by })
    assert.deepEqual(await parts.liveOf('agent', agentId), { epoch: 7, state: 'active' })
    const agent = await findAgent(parts.storage.read, agentId)
    assert.deepEqual([agent?.ceiling, agent?.trust, agent?.ownerId], [[], 1, sam.id])
    const records = (await parts.recorded()).filter((record) => record.agent === agentId)
    assert.deepEqual(
      records.map(({ type }) => type),
      [
        'agent.registered',
        'agent.key_added',
        'agent.ceiling_set',
        'agent.trust_set',
        'agent.owner_set',
        'agent.client_linked',
        'agent.key_revoked',
      ],
    )
    assert.ok(records.slice(1).every((record) => record.by === by))
  })

  test('a refused change raises nothing and records nothing', async () => {
    const { parts, ada } = await testAgents(await open())
    await registered(parts, ada)
    const before = [await parts.liveOf('agent', agentId), (await parts.recorded()).length]
    await assert.rejects(setOwner(parts, { agentId, ownerId: 'psn_nobody', by }))
    await assert.rejects(setCeiling(parts, { agentId, ceiling: {}, by }))
    await assert.rejects(addKey(parts, { agentId, jwk: {}, by }))
    assert.deepEqual(
      [await parts.liveOf('agent', agentId), (await parts.recorded()).length],
      before,
    )
    await assert.rejects(setTrust(parts, { agentId: 'nobody', trust: 1, by }), {
      code: 'agent.unknown',
    })
  })

  test('suspended, resumed, retired: liveness follows, and retired is final', async () => {
    const { parts, ada } = await testAgents(await open())
    await registered(parts, ada)
    const change = { agentId, by, reason: 'test' }
    const state = async () => (await parts.liveOf('agent', agentId)).state
    await suspendAgent(parts, change)
    await suspendAgent(parts, change)
    assert.equal(await state(), 'suspended')
    await setTrust(parts, { agentId, trust: 2, by })
    assert.equal(await state(), 'suspended')
    await resumeAgent(parts, change)
    assert.equal(await state(), 'active')
    await retireAgent(parts, change)
    await retireAgent(parts, change)
    assert.equal(await state(), 'ended')
    const final = { code: 'agent.final' }
    await assert.rejects(resumeAgent(parts, change), final)
    await assert.rejects(suspendAgent(parts, change), final)
    await assert.rejects(addKey(parts, { agentId, jwk: keyPair().jwk, by }), final)
    await assert.rejects(setTrust(parts, { agentId, trust: 3, by }), final)
    assert.equal(await state(), 'ended')
    const types = (await parts.recorded()).map(({ type }) => type)
    for (const type of ['agent.suspended', 'agent.retired'])
      assert.equal(types.filter((each) => each === type).length, 1, type)
  })

  test('agents are listed by name, page by page, and by owner', async () => {
    const { parts, ada } = await testAgents(await open())
    const sam = await someone(parts, 'sam')
    for (const name of ['dd', 'aa', 'cc', 'bb'])
      await registered(parts, name < 'cc' ? ada : sam, { name })
    const { read } = parts.storage
    const names = async (page: Parameters<typeof listAgents>[1]) =>
      (await listAgents(read, page)).map(({ id }) => id)
    assert.deepEqual(await names({ limit: 3 }), ['aa', 'bb', 'cc'])
    assert.deepEqual(await names({ limit: 3, after: 'bb' }), ['cc', 'dd'])
    assert.deepEqual(await names({ limit: 3, ownerId: sam.id }), ['cc', 'dd'])
  })
})
