import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openTask } from '../../grants/grants/openings/open-task.ts'
import { MAX_RECORDED } from '../../platform/ledger/repeat-window.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { findDecision } from '../../tasks/decision-log/decision-store.ts'
import { CHALLENGE } from '../../tasks/decision-log/index.ts'
import { decideCall } from './decide-call.ts'
import type { CallerIdentity } from './identified.ts'
import { identify } from './identify.ts'
import { bookkeepingFor, isStranger } from './refused-caller.ts'
import { newKey, READ, refund, worldsOver } from './testing.ts'
import type { Verdict } from './verdict.ts'

function reasonOf(verdict: Verdict): string {
  return 'reason' in verdict ? verdict.reason : verdict.outcome
}

forEachEngine('what refusals leave behind', (open) => {
  const worlds = worldsOver(open)

  async function begin() {
    const world = await worlds.shared()
    const held = await world.open()
    /** Rows of everything that a refusal could write. */
    const rows = async () => {
      const { read } = world.parts.storage
      const [decisions, used, intake, leaves] = await Promise.all([
        read.selectFrom('decisions').select('id').execute(),
        read.selectFrom('used_once').select('kind').execute(),
        read.selectFrom('ledger_intake').select('seq').execute(),
        read.selectFrom('ledger_leaves').select('position').execute(),
      ])
      return [decisions, used, intake, leaves].map(({ length }) => length)
    }
    return { world, held, token: await world.token(held), rows }
  }

  test('A/HIGH 2: whoever has no token that holds writes nothing: no row, no arguments, no used proof', async () => {
    const { held, rows, world } = await begin()
    const { parts } = world
    const bad = `${held.opened.token.token.slice(0, -4)}AAAA`
    await parts.recorded()
    const before = await rows()
    for (let i = 0; i < 50; i++) {
      const call = await world.call(held, bad, refund('1.00'))
      const verdict = await decideCall(parts, call)
      assert.match(reasonOf(verdict), /^token\./)
      assert.ok(verdict.outcome === 'deny' && verdict.stranger && verdict.unrecorded)
      assert.match(reasonOf(await decideCall(parts, call)), /^token\./, 'the same request again')
    }
    assert.deepEqual(await rows(), before)
    const records = await parts.recorded()
    const noticed = records.filter(({ type }) => type === 'refusals.noticed')
    assert.equal(noticed.length, 1)
    assert.deepEqual(Object.keys(noticed[0]?.commitments ?? {}), ['origin'])
  })

  test('a token that was stolen without its key is on record with its task, and its thief leaves no arguments', async () => {
    const { held, token, world } = await begin()
    const thief = { ...held, key: newKey() }
    const verdict = await world.decide(thief, token, refund('1.00'))
    assert.ok(verdict.outcome === 'deny' && verdict.reason === 'proof.wrong_key')
    const record = (await world.parts.recorded()).find(
      ({ decision_id: id }) => id === verdict.decisionId,
    )
    assert.equal(record?.type, 'decision.denied')
    assert.ok(record?.token_id)
    assert.deepEqual(Object.keys(record?.commitments ?? {}), ['origin'])
  })

  test('C11: an agent that repeats itself stops writing, and its refusals can be explained all the same', async () => {
    const { held, token, world } = await begin()
    const { parts } = world
    const decide = () => world.decide(held, token, refund('5000.01'))
    const ids = new Set<string>()
    for (let i = 0; i < MAX_RECORDED.ofTask + 5; i++) {
      const verdict = await decide()
      assert.ok(verdict.outcome === 'deny' && verdict.reason === 'agent.not_permitted')
      ids.add(verdict.decisionId)
    }
    assert.equal(ids.size, MAX_RECORDED.ofTask)
    const call = await world.call(held, token, refund('5000.01'))
    const last = await decideCall(parts, call)
    assert.ok(last.outcome === 'deny')
    const row = await findDecision(parts.storage.read, last.decisionId)
    assert.deepEqual([row?.taskId, row?.reason], [held.opened.task.id, 'agent.not_permitted'])
    assert.equal(reasonOf(await decideCall(parts, call)), 'proof.replayed', 'its proof is used up')
    assert.equal((await world.decide(held, token, READ)).outcome, 'permit')
  })

  test('A/HIGH 2: whoever authenticates no agent opens nothing and writes nothing', async () => {
    const { rows, world } = await begin()
    const { parts } = world
    await parts.recorded()
    const before = await rows()
    for (let i = 0; i < 20; i++) {
      const opening = await world.opening(newKey(), { assertion: world.assertion({}, newKey()) })
      const answer = await openTask(parts, 'token_exchange', opening)
      assert.ok(answer.outcome === 'refused' && answer.reason === 'agent.unauthenticated')
    }
    assert.deepEqual(await rows(), before)
    const records = await parts.recorded()
    assert.equal(records.filter(({ type }) => type === 'task.refused').length, 0)
  })
  test('a refusal is counted as that of the agent and task that are known, with whatever is known of them', async () => {
    const { held, token, world } = await begin()
    const call = await world.call(held, token, READ)
    const known = await identify(world.parts, call)
    assert.ok(known.known)
    const { agentId: agent, id: task } = known.held.task
    const { parts, seen } = tally()
    const book = (who: CallerIdentity) => bookkeepingFor(parts, { who, call }, 'token.expired').as
    assert.equal(book(known), 'record')
    assert.equal(isStranger({ who: known }), false)
    const proofless = { known: false, proof: undefined, credential: known.credential } as const
    const claimed = { ...proofless, claims: known.claims }
    assert.equal(book(claimed), 'record')
    assert.equal(isStranger({ who: claimed }), false)
    assert.deepEqual(seen, [
      { task, agent, reason: 'token.expired' },
      { task, reason: 'token.expired' },
    ])
  })

  test('a refusal of a stranger is counted by the address, or by the enforcement point that asks; a demand for a nonce is not', async () => {
    const { held, token, world } = await begin()
    const { resource } = await world.call(held, token, READ)
    const credential = { gate: 'credential', passed: false, detail: '' } as const
    const who = { known: false, claims: undefined, proof: undefined, credential } as const
    const { parts, seen } = tally()
    const call = { resource, origin: { ip: '192.0.2.1' } }
    const book = (reason: string, by: { pep?: string } = {}) =>
      assert.equal(bookkeepingFor(parts, { who, call, ...by }, reason).as, 'stranger')
    assert.equal(isStranger({ who }), true)
    book('token.missing')
    book('token.missing', { pep: 'edge' })
    book(CHALLENGE)
    const counted = { at: 'call', reason: 'token.missing' }
    assert.deepEqual(seen, [
      { ...counted, ip: '192.0.2.1' },
      { ...counted, pep: 'edge' },
    ])
  })
})

/** Tally that keeps what it is asked to count, and has room for all of it. */
function tally() {
  const seen: object[] = []
  const refusals = {
    admits: (caller: object) => seen.push(caller) > 0,
    countStranger: (refusal: object) => void seen.push(refusal),
    lastOf: () => undefined,
    noteRecorded: () => undefined,
  }
  return { parts: { ledger: { refusals } }, seen }
}
