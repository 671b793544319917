import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DAY } from '../../platform/lib/time-units.ts'
import { forEachEngine } from '../../platform/storage/testing.ts'
import { someone } from '../people/testing.ts'
import { findAgent } from './agent-store.ts'
import { resumeAgent, retireAgent, suspendAgent } from './change-status.ts'
import { recertifyAgent, setCertification } from './recertify.ts'
import { suspendUncertified } from './suspend-by-itself.ts'
import { registered, testAgents } from './testing.ts'

const by = 'operator'
const agentId = 'refund-bot'

forEachEngine('recertification of agents', (open) => {
  async function begin(days: number | null = 30) {
    const { parts, ada } = await testAgents(await open())
    await registered(parts, ada)
    if (days !== null) await setCertification(parts, { agentId, days, by })
    const recertify = (personId = ada.id) =>
      recertifyAgent(parts, {
        agentId,
        by: personId,
        mayFor: (agent) => agent.ownerId === personId,
      })
    const standing = async () => {
      const agent = await findAgent(parts.storage.read, agentId)
      const { state } = await parts.liveOf('agent', agentId)
      return [agent?.status, agent?.suspendedFor, state]
    }
    return { parts, recertify, standing }
  }

  test('without a date an agent never stops, and there is nothing to recertify', async () => {
    const { parts, recertify, standing } = await begin(null)
    parts.clock.advance(4000 * DAY)
    assert.equal(await suspendUncertified(parts), 0)
    assert.deepEqual(await standing(), ['active', null, 'active'])
    await assert.rejects(recertify(), { code: 'agent.bad_certification' })
  })

  test('on its date it stops at once, and says why; its owner wakes it for the same time again', async () => {
    const { parts, recertify, standing } = await begin()
    parts.clock.advance(30 * DAY - 1)
    assert.equal(await suspendUncertified(parts), 0)
    parts.clock.advance(1)
    assert.equal(await suspendUncertified(parts), 1)
    assert.equal(await suspendUncertified(parts), 0)
    assert.deepEqual(await standing(), ['suspended', 'uncertified', 'suspended'])
    await recertify()
    assert.deepEqual(await standing(), ['active', null, 'active'])
    const { certification } = (await findAgent(parts.storage.read, agentId)) ?? {}
    assert.deepEqual(certification, { days: 30, until: parts.clock.now() + 30 * DAY })
    const [stopped, woken] = (await parts.recorded()).slice(-2)
    assert.deepEqual([stopped?.type, stopped?.by], ['agent.suspended', 'system'])
    assert.deepEqual([woken?.type, woken?.facts?.resumed], ['agent.recertified', true])
  })

  test('an owner who says so in time keeps it going', async () => {
    const { parts, recertify, standing } = await begin()
    parts.clock.advance(20 * DAY)
    await recertify()
    parts.clock.advance(20 * DAY)
    assert.equal(await suspendUncertified(parts), 0)
    assert.deepEqual(await standing(), ['active', null, 'active'])
  })

  test('nobody else recertifies', async () => {
    const { parts, recertify, standing } = await begin()
    const { id } = await someone(parts, 'sam')
    parts.clock.advance(30 * DAY)
    await suspendUncertified(parts)
    await assert.rejects(recertify(id), { code: 'agent.not_owner' })
    assert.deepEqual(await standing(), ['suspended', 'uncertified', 'suspended'])
  })

  test('an owner never wakes what a person stopped, also when it had stopped by itself before', async () => {
    for (const first of ['person', 'date'] as const) {
      const { parts, recertify, standing } = await begin()
      const stop = () => suspendAgent(parts, { agentId, by, reason: 'behaves oddly' })
      if (first === 'person') await stop()
      parts.clock.advance(30 * DAY)
      await suspendUncertified(parts)
      if (first === 'date') await stop()
      await recertify()
      assert.deepEqual(await standing(), ['suspended', null, 'suspended'], first)
    }
  })

  test('it is not resumed past its date, but recertified', async () => {
    const { parts, recertify, standing } = await begin()
    await suspendAgent(parts, { agentId, by, reason: 'test' })
    parts.clock.advance(31 * DAY)
    const resume = () => resumeAgent(parts, { agentId, by, reason: 'test' })
    await assert.rejects(resume(), { code: 'agent.uncertified' })
    await recertify()
    await resume()
    assert.deepEqual(await standing(), ['active', null, 'active'])
  })

  test('what is retired stays so', async () => {
    const { parts, recertify, standing } = await begin()
    parts.clock.advance(31 * DAY)
    await suspendUncertified(parts)
    await retireAgent(parts, { agentId, by, reason: 'test' })
    await assert.rejects(recertify(), { code: 'agent.final' })
    assert.equal(await suspendUncertified(parts), 0)
    assert.deepEqual(await standing(), ['retired', null, 'ended'])
  })

  test('a time that is none is refused', async () => {
    const { parts } = await begin()
    for (const days of [0, -1, 1.5, 3651, Number.NaN])
      await assert.rejects(setCertification(parts, { agentId, days, by }), {
        code: 'agent.bad_certification',
      })
    assert.equal((await findAgent(parts.storage.read, agentId))?.certification?.days, 30)
  })

  test('a time is from one day to ten years; without one, the agent never stops', async () => {
    const { parts } = await begin(null)
    const set = async (days: number | null) => {
      await setCertification(parts, { agentId, days, by })
      const [last] = (await parts.recorded()).slice(-1)
      const { certification } = (await findAgent(parts.storage.read, agentId)) ?? {}
      return [last?.type, last?.facts, certification]
    }
    for (const days of [1, 3650]) {
      const until = parts.clock.now() + days * DAY
      const facts = { days, until: new Date(until).toISOString() }
      assert.deepEqual(await set(days), ['agent.certification_set', facts, { days, until }])
    }
    const nothing = { days: null, until: null }
    assert.deepEqual(await set(null), ['agent.certification_set', nothing, null])
  })
})
