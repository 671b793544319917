import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Problem } from '../../../platform/lib/problem.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findAgent } from '../../agents/agent-store.ts'
import { setTrust } from '../../agents/change-limits.ts'
import { retireAgent } from '../../agents/change-status.ts'
import { registerAgent } from '../../agents/register.ts'
import { CEILING, testAgents } from '../../agents/testing.ts'
import { someone } from '../../people/testing.ts'
import { suspendPerson } from '../../sessions/index.ts'
import type { SelfRegisteredClient } from '../self-registered.ts'
import { listAdmissionRules } from './admission-store.ts'
import { admissionOf, admitAgentIn, isLetIn, NO_RULE } from './admit-agent.ts'
import { addAdmissionRule, type RuleDescription, removeAdmissionRule } from './change-rules.ts'

const NOTES: SelfRegisteredClient = {
  clientId: 'client-0123456789abcdef0123456789abcdef',
  clientName: 'Notes in a box',
  redirectUris: ['http://127.0.0.1:1234/callback'],
}

forEachEngine('admission rules', (open) => {
  async function begin() {
    const { parts, ada } = await testAgents(await open())
    const sam = await someone(parts, 'sam')
    const describe = (over: Partial<RuleDescription> = {}): RuleDescription => ({
      ...{ name: 'this-computer', redirectHosts: ['localhost'], trust: 2, ceiling: CEILING },
      ...{ ownerId: ada.id, by: ada.id },
      ...over,
    })
    const admit = (client = NOTES, by = sam) =>
      parts.storage.transaction((tx) => admitAgentIn(parts, tx, client, by.id))
    return { parts, ada, sam, describe, admit, read: parts.storage.read }
  }

  test('a rule is added once, listed in the order of trying, and removed once', async () => {
    const { describe, parts, read } = await begin()
    await addAdmissionRule(parts, describe())
    parts.clock.advance(1)
    await addAdmissionRule(parts, describe({ name: 'another', redirectHosts: ['*.example.com'] }))
    await assert.rejects(
      addAdmissionRule(parts, describe({ trust: 3 })),
      isProblem('admission.exists'),
    )
    const listed = await listAdmissionRules(read)
    assert.deepEqual(
      listed.map(({ name, trust }) => [name, trust]),
      [
        ['this-computer', 2],
        ['another', 2],
      ],
    )
    await removeAdmissionRule(parts, { name: 'this-computer', by: 'psn_x' })
    await assert.rejects(
      removeAdmissionRule(parts, { name: 'this-computer', by: 'psn_x' }),
      isProblem('admission.unknown'),
    )
    const types = (await parts.recorded()).map(({ type }) => type)
    assert.equal(types.filter((type) => type === 'admission.rule_added').length, 2)
    assert.equal(types.filter((type) => type === 'admission.rule_removed').length, 1)
  })

  test('a rule that went lets no new instance in; whoever was let in before stays', async () => {
    const { ada, admit, describe, parts, read, sam } = await begin()
    const instance = (n: number) => ({
      ...NOTES,
      clientId: `client-${String(n).repeat(32)}`,
      redirectUris: [`http://127.0.0.1:${n}/callback`],
    })
    const by = { personId: sam.id, now: parts.clock.now() }
    const found = (n: number, wasAgent?: string) =>
      admissionOf(read, instance(n), { ...by, wasAgent })
    await addAdmissionRule(parts, describe())
    const first = await admit()
    assert.equal((await found(1)).agent.id, first.id)
    await removeAdmissionRule(parts, { name: 'this-computer', by: ada.id })
    const stranger = await found(1)
    assert.deepEqual([stranger.known, stranger.agent.trust], [false, 0])
    assert.equal((await found(1, first.id)).agent.id, first.id, 'it was let in before')
    assert.equal((await admissionOf(read, NOTES, by)).agent.id, first.id)
    await addAdmissionRule(parts, describe({ name: 'another', trust: 1 }))
    const second = await admit(instance(2))
    assert.deepEqual([second.id, second.trust], [instance(2).clientId, 1], 'by its own rule')
    assert.equal((await found(3)).agent.id, second.id)
    assert.equal((await admit(instance(3))).id, second.id)
    await removeAdmissionRule(parts, { name: 'another', by: ada.id })
    await addAdmissionRule(parts, describe())
    assert.equal((await found(4)).agent.id, first.id)
    await suspendPerson(parts, { personId: ada.id, by: 'operator', reason: 'test' })
    assert.equal((await found(4)).known, false, 'nobody answers for it any more')
  })

  test('a client that says anything else, or has a key or a document, is no instance', async () => {
    const { admit, describe, parts, read, sam } = await begin()
    await addAdmissionRule(parts, describe())
    const first = await admit()
    const by = { personId: sam.id, now: parts.clock.now() }
    const same = { ...NOTES, clientId: `client-${'6'.repeat(32)}` }
    assert.equal((await admissionOf(read, same, by)).agent.id, first.id)
    const proves = { methods: ['private_key_jwt' as const], keys: [] }
    for (const other of [
      { ...same, proves },
      { ...same, clientId: 'https://app.example/notes.json' },
      { ...same, clientName: 'Notes in a Box' },
      { ...same, softwareId: 'notes' },
      { ...same, redirectUris: ['http://127.0.0.1:1234/other'] },
      { ...same, redirectUris: [...same.redirectUris, 'https://evil.example/callback'] },
      { ...same, redirectUris: ['https://127.0.0.1:1234/callback'] },
    ]) {
      const { agent, known } = await admissionOf(read, other, by)
      assert.deepEqual([agent.id === first.id, known], [false, false], JSON.stringify(other))
    }
    await retireAgent(parts, { agentId: first.id, by: 'psn_x', reason: 'test' })
    assert.equal((await admissionOf(read, same, by)).known, false, 'it was retired')
    // A port is chance on this computer only.
    const at = (uri: string, digit: string) => ({
      ...NOTES,
      ...{ clientId: `client-${digit.repeat(32)}`, redirectUris: [uri] },
    })
    const site = await admit(at('https://app.example/callback', '7'))
    for (const [uri, isOne] of [
      ['https://app.example/callback', true],
      ['https://app.example:8443/callback', false],
    ] as const)
      assert.equal((await admissionOf(read, at(uri, '8'), by)).agent.id === site.id, isOne, uri)
  })

  test('instances of software that was let in by hand need no rule', async () => {
    const { ada, admit, parts, read, sam } = await begin()
    const first = await admit()
    await setTrust(parts, { agentId: first.id, trust: 1, by: ada.id })
    const another = { ...NOTES, clientId: `client-${'5'.repeat(32)}` }
    const { id, trust } = await admit(another)
    assert.deepEqual([id, trust], [first.id, 1])
    const by = { personId: sam.id, now: parts.clock.now() }
    const document = { ...NOTES, clientId: 'https://app.example/notes.json' }
    assert.equal((await admissionOf(read, document, by)).known, false)
  })

  test('a rule that says nothing clear is not added', async () => {
    const { describe, parts, read, sam } = await begin()
    await suspendPerson(parts, { personId: sam.id, by: 'operator', reason: 'test' })
    for (const [over, code] of [
      [{ name: 'This computer' }, 'admission.bad_rule'],
      [{ name: '' }, 'admission.bad_rule'],
      [{ redirectHosts: [] }, 'admission.bad_rule'],
      [{ redirectHosts: ['*'] }, 'admission.bad_rule'],
      [{ redirectHosts: ['localhost', 'EVIL.example'] }, 'admission.bad_rule'],
      [
        { redirectHosts: Array.from({ length: 33 }, (_, i) => `a${i}.example`) },
        'admission.bad_rule',
      ],
      [{ trust: 4 }, 'agent.bad_trust'],
      [{ trust: -1 }, 'agent.bad_trust'],
      [{ trust: '2' }, 'agent.bad_trust'],
      [{ ceiling: 'everything' }, 'agent.bad_ceiling'],
      [{ ceiling: [{ type: 'remit_call' }] }, 'agent.bad_ceiling'],
      [{ mayDelegate: CEILING }, 'agent.bad_ceiling'],
      [{ ownerId: 'psn_nobody' }, 'agent.bad_owner'],
      [{ ownerId: sam.id }, 'agent.bad_owner'],
    ] as const)
      await assert.rejects(
        addAdmissionRule(parts, describe(over)),
        isProblem(code),
        JSON.stringify(over),
      )
    assert.deepEqual(await listAdmissionRules(read), [])
  })

  test('looking changes nothing; bringing makes an agent, once, with what the rule gives', async () => {
    const { ada, admit, describe, parts, read, sam } = await begin()
    await addAdmissionRule(parts, describe())
    const looked = await admissionOf(read, NOTES, { personId: sam.id, now: 0 })
    assert.deepEqual([looked.known, looked.agent.trust], [false, 2])
    assert.equal(await findAgent(read, NOTES.clientId), undefined)
    const [one, two] = await Promise.all([admit(), admit()])
    assert.deepEqual(one, two)
    assert.deepEqual(await findAgent(read, NOTES.clientId), one)
    assert.equal(one.name, 'Notes in a box (self-registered 456789abcdef)')
    assert.deepEqual(
      [one.ownerId, one.trust, one.ceiling, one.admission, one.status],
      [ada.id, 2, CEILING, 'this-computer', 'active'],
    )
    const admitted = (await parts.recorded()).filter(({ type }) => type === 'agent.admitted')
    assert.deepEqual(
      admitted.map(({ by, facts }) => [by, facts?.rule, facts?.owner]),
      [[sam.id, 'this-computer', ada.id]],
    )
    assert.ok(!JSON.stringify(admitted).includes('Notes in a box'), 'its own words are no fact')
  })

  test('whom no rule knows is quarantined, has nothing, and belongs to who brought it', async () => {
    const { admit, describe, parts, read, sam } = await begin()
    await addAdmissionRule(parts, describe({ redirectHosts: ['app.example'] }))
    assert.equal(await isLetIn(read, NOTES), false)
    const agent = await admit()
    assert.deepEqual(
      [agent.ownerId, agent.trust, agent.ceiling, agent.admission],
      [sam.id, 0, [], NO_RULE],
    )
    // A rule that comes later does not let in who came before.
    await addAdmissionRule(parts, describe({ name: 'later' }))
    assert.deepEqual(await admit(), agent)
    assert.equal(await isLetIn(read, NOTES), false)
    await setTrust(parts, { agentId: agent.id, trust: 1, by: 'psn_x' })
    assert.equal(await isLetIn(read, NOTES), true)
  })

  test('a rule counts as long as somebody answers for those it lets in', async () => {
    const { admit, ada, describe, parts, read } = await begin()
    await addAdmissionRule(parts, describe())
    assert.equal(await isLetIn(read, NOTES), true)
    await suspendPerson(parts, { personId: ada.id, by: 'operator', reason: 'test' })
    assert.equal(await isLetIn(read, NOTES), false)
    const agent = await admit()
    assert.deepEqual([agent.trust, agent.admission], [0, NO_RULE])
  })

  test('a removed rule lets nobody else in, and takes nothing from those it let in', async () => {
    const { admit, describe, parts } = await begin()
    await addAdmissionRule(parts, describe())
    const before = await admit()
    await removeAdmissionRule(parts, { name: 'this-computer', by: 'psn_x' })
    assert.deepEqual(await admit(), before)
    const another = { ...NOTES, clientId: `client-${'f'.repeat(32)}` }
    const later = await admit({ ...another, clientName: 'Other notes' })
    assert.equal(later.trust, 0)
    const instance = await admit({ ...another, clientId: `client-${'e'.repeat(32)}` })
    assert.deepEqual([instance.trust, instance.admission], [0, NO_RULE])
    // One with a key is itself, whatever it calls itself.
    const keyed = { ...another, clientId: `client-${'d'.repeat(32)}` }
    const proves = { methods: ['private_key_jwt' as const], keys: [] }
    assert.notEqual((await admit({ ...keyed, proves })).id, before.id)
  })

  test('an agent of the house is never made anew by a client of that name', async () => {
    const { ada, admit, describe, parts } = await begin()
    await addAdmissionRule(parts, describe({ trust: 3 }))
    const house = await registerAgent(parts, {
      ...{ name: 'refund-bot', description: '', ownerId: ada.id, trust: 1, ceiling: CEILING },
      by: ada.id,
    })
    assert.deepEqual(await admit({ ...NOTES, clientId: 'refund-bot' }), house)
  })
})

function isProblem(code: string) {
  return (error: unknown) => error instanceof Problem && error.code === code
}
