import assert from 'node:assert/strict'
import { test } from 'node:test'
import { watched } from '../../../test/properties/statements.ts'
import { type Id, newId } from '../../platform/lib/id.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import type { Storage } from '../../platform/storage/index.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { aCall, addPerson, anAsk, anAsking, attached, testParts } from '../approvals/testing.ts'
import { MAX_PENDING } from './access-request.ts'
import { attachRequest } from './attach.ts'
import { cancelRequests, expireRequests } from './end.ts'
import { countForApprover, listForApprover, listForPerson, listForTask } from './list.ts'
import { MAX_LISTED_TEXT } from './listed-request.ts'

forEachEngine('lists of requests', (open) => {
  async function begin(storage?: Storage) {
    const parts = await testParts(storage ?? (await open()))
    const maria = await addPerson(parts, 'support')
    const fiona = { id: 'psn_fiona', groups: ['finance'], status: 'active' } as const
    /** A task of its own for each question. */
    const ask = async (agentId: string, over: Parameters<typeof anAsking>[2] = {}) => {
      parts.clock.advance(1)
      const asking = anAsking(parts, maria, { agentId, ...over })
      return parts.storage.transaction((tx) => attachRequest(parts, tx, asking))
    }
    /** Another person for each question: each has a share of an agent's places. */
    const askForAnother = (agentId: string, over: Parameters<typeof anAsking>[2] = {}) =>
      ask(agentId, { personId: newId('person', parts.random), ...over })
    const ids = async (...page: [Parameters<typeof listForApprover>[2]?]) =>
      (await listForApprover(parts, fiona, ...page)).map(({ id }) => id)
    return { parts, maria, fiona, ask, askForAnother, ids }
  }

  test('A10: an agent that floods an approver pushes nobody out of sight', async () => {
    const { ask, askForAnother, fiona, ids, parts } = await begin()
    for (let i = 0; i < 30; i++) await askForAnother('flood-bot')
    const refund = await ask('refund-bot')
    assert.ok(refund.outcome === 'created')
    for (let i = 0; i < 2 * MAX_PENDING.agentAndApprover; i++) await askForAnother('flood-bot')
    assert.deepEqual(await countForApprover(parts, fiona), [
      { agentId: 'refund-bot', count: 1 },
      { agentId: 'flood-bot', count: MAX_PENDING.agentAndApprover },
    ])
    assert.deepEqual(await ids({ agentId: 'refund-bot' }), [refund.request.id])
    assert.equal((await ids()).indexOf(refund.request.id), 30)
  })

  test('A10: questions are capped by agent and approver, and by agent, whatever their tasks', async () => {
    const { ask, askForAnother } = await begin()
    const outcomes = async (count: number, group: string) => {
      const seen: string[] = []
      const over = { ask: anAsk({ approvers: [[`group:${group}`]] }) }
      for (let i = 0; i < count; i++) seen.push((await askForAnother('flood-bot', over)).outcome)
      return seen.filter((outcome) => outcome === 'created').length
    }
    assert.equal(
      await outcomes(MAX_PENDING.agentAndApprover + 5, 'finance'),
      MAX_PENDING.agentAndApprover,
    )
    assert.equal(
      await outcomes(MAX_PENDING.agentAndApprover - 1, 'audit'),
      MAX_PENDING.agentAndApprover - 1,
    )
    assert.equal(await outcomes(5, 'legal'), 1)
    assert.equal((await ask('refund-bot')).outcome, 'created')
  })

  test("W4: one person's tasks leave room for the first question for another, however many they are", async () => {
    const { ask, parts } = await begin()
    const created = async (personId: Id<'person'>, over: Parameters<typeof anAsking>[2] = {}) => {
      let count = 0
      while ((await ask('shared-bot', { personId, ...over })).outcome === 'created') count += 1
      return count
    }
    const people = Array.from({ length: 6 }, () => newId('person', parts.random))
    const filled: number[] = []
    for (const personId of people) filled.push(await created(personId))
    assert.deepEqual(filled, [17, 11, 8, 5, 3, 2], 'of 50 places for one group')
    const first = await ask('shared-bot', { personId: newId('person', parts.random) })
    assert.equal(first.outcome, 'created')
    // Another group has places of its own, and the agent's are shared in the same way.
    const audit = { ask: anAsk({ approvers: [['group:audit']] }) }
    assert.equal(await created(newId('person', parts.random), audit), 17)
    const other = { ...audit, personId: newId('person', parts.random) }
    assert.equal((await ask('shared-bot', other)).outcome, 'created')
  })

  test('W4: who asks in a conversation has a share, and not the sponsor of the task', async () => {
    const { ask } = await begin()
    const asksFor = (requesterId: string) => ask('channel-bot', { requesterId })
    while ((await asksFor('psn_loud')).outcome === 'created');
    assert.equal((await asksFor('psn_other')).outcome, 'created')
    assert.equal((await asksFor('psn_loud')).outcome, 'too_many_pending')
  })

  test('go along in both directions, and come to the same', async () => {
    const { ask, ids, maria, parts } = await begin()
    for (let i = 0; i < 7; i++) await ask('refund-bot')
    const all = await ids()
    assert.equal(all.length, 7)
    assert.deepEqual(await ids({ limit: 3 }), all.slice(0, 3))
    assert.deepEqual(await ids({ limit: 3, after: all[2] }), all.slice(3, 6))
    assert.deepEqual(await ids({ limit: 3, before: all[6] }), all.slice(3, 6))
    assert.deepEqual(await ids({ limit: 3, before: all[1] }), all.slice(0, 1))
    await assert.rejects(ids({ after: 'req_never' }), { code: 'approval.unknown' })
    const own = async (page: Parameters<typeof listForPerson>[2]) =>
      (await listForPerson(parts, maria.id, page)).map(({ id }) => id)
    assert.deepEqual(await own({ limit: 3, after: all[2] }), all.slice(3, 6))
    assert.deepEqual(await own({ limit: 3, before: all[6] }), all.slice(3, 6))
  })

  test('hold what is for somebody else or over neither in the list nor in the count', async () => {
    const { ask, fiona, maria, parts } = await begin()
    await ask('refund-bot')
    const self = { id: maria.id, groups: ['finance'], status: 'active' } as const
    assert.deepEqual(await countForApprover(parts, self), [])
    await ask('refund-bot', { ask: anAsk({ self: true }) })
    await ask('refund-bot', { requesterId: fiona.id })
    assert.deepEqual(await countForApprover(parts, self), [{ agentId: 'refund-bot', count: 1 }])
    assert.deepEqual(await countForApprover(parts, fiona), [{ agentId: 'refund-bot', count: 2 }])
    assert.equal((await listForPerson(parts, maria.id, { except: self })).length, 2)
    assert.deepEqual(await countForApprover(parts, { ...fiona, status: 'suspended' }), [])
    parts.clock.advance(HOUR)
    assert.deepEqual(await countForApprover(parts, fiona), [])
  })

  test('count a request once for somebody whom two names mean', async () => {
    const { ask, fiona, ids, parts } = await begin()
    await ask('refund-bot', {
      ask: anAsk({ approvers: [['group:finance'], ['person:psn_fiona']] }),
    })
    assert.equal((await ids()).length, 1)
    assert.deepEqual(await countForApprover(parts, fiona), [{ agentId: 'refund-bot', count: 1 }])
  })

  test('counts, sweeps and endings read nothing that grows with what an agent sent', async () => {
    const { statements, storage } = watched(await open())
    const { fiona, maria, parts } = await begin(storage)
    const note = 'x'.repeat(500_000)
    const call = aCall({ body: { kind: 'json', value: { note } } })
    const { taskId } = await attached(
      parts,
      anAsking(parts, maria, { call, text: `Say "${note}"` }),
    )
    statements.clear()
    const [listed] = await listForApprover(parts, fiona)
    assert.equal(listed?.text.length, MAX_LISTED_TEXT + 1)
    await countForApprover(parts, fiona)
    await listForPerson(parts, maria.id, { except: fiona })
    await listForTask(parts, taskId)
    await parts.storage.transaction((tx) => cancelRequests(parts, tx, [taskId]))
    await expireRequests(parts)
    const reading = [...statements].filter((text) => text.startsWith('select'))
    assert.ok(reading.length >= 7, `${reading.length} statements`)
    for (const text of reading) {
      assert.doesNotMatch(text, /\*|"call"|"ask"|"text"/)
      assert.doesNotMatch(text.replace(/substr\(text, 1, \d+\)/, ''), /\btext\b/)
    }
  })
})
