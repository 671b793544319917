import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { settleOwn } from '../../../calls/calls/settlement/settle-own.ts'
import { READ, worldsOver } from '../../../calls/calls/testing.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { findDecision } from '../../../tasks/decision-log/index.ts'
import { PipelineEnd } from '../ended.ts'
import type { GatewayPorts } from '../ports.ts'
import type { CompletedRequest, PermittedRequest } from './call-steps.ts'
import { recordingFailure, recordOutcome } from './record-outcome.ts'

forEachEngine('a store that fails when a call has ended', (open) => {
  const worlds = worldsOver(open)

  async function permitted(t: TestContext) {
    const world = await worlds.own(t)
    const { parts } = world
    const held = await world.open()
    const verdict = await world.decide(held, await world.token(held), READ)
    assert.ok(verdict.outcome === 'permit')
    const { commit } = parts.storage
    const fail = async () => {
      throw new Problem('storage.unavailable', 'failed by a test')
    }
    Object.assign(parts.storage, { commit: fail })
    t.after(() => Object.assign(parts.storage, { commit }))
    const log = { error: () => {}, warn: () => {} }
    const ports = { decisions: parts, log } as unknown as GatewayPorts // what these two steps use
    const state = async () => (await findDecision(parts.storage.read, verdict.decisionId))?.state
    const back = () => Object.assign(parts.storage, { commit })
    return { parts, ports, verdict, state, back }
  }

  test('and an API that answered: the call goes on as if nothing had failed, and is stored later', async (t) => {
    const { back, parts, ports, state, verdict } = await permitted(t)
    const forwarded = { state: 'answered', status: 201, latencyMs: 1 }
    await recordOutcome({ verdict, forwarded } as unknown as CompletedRequest, ports)
    assert.equal(await state(), 'sending')
    back()
    await settleOwn(parts)
    assert.equal(await state(), 'answered')
  })

  test('and an API that broke off: the caller is told that, and not that nothing happened', async (t) => {
    const { back, parts, ports, state, verdict } = await permitted(t)
    const problem = new Problem('upstream.cut', 'the API ended the connection')
    const forwarded = { state: 'failed', problem, latencyMs: 1 }
    await assert.rejects(
      recordOutcome({ verdict, forwarded } as unknown as CompletedRequest, ports),
      (error) => {
        assert.ok(error instanceof PipelineEnd)
        assert.equal(error.answer.problem?.code, 'upstream.cut')
        return true
      },
    )
    back()
    await settleOwn(parts)
    assert.equal(await state(), 'failed')
  })

  test('and a step before sending that failed: told as that, and given back later', async (t) => {
    const { back, parts, ports, state, verdict } = await permitted(t)
    const failing = recordingFailure(async () => {
      throw new Problem('upstream.unreadable', 'its credential cannot be opened')
    })
    await assert.rejects(failing({ verdict } as unknown as PermittedRequest, ports), (error) => {
      assert.ok(error instanceof PipelineEnd)
      assert.equal(error.answer.problem?.code, 'upstream.unreadable')
      return true
    })
    back()
    await settleOwn(parts)
    assert.equal(await state(), 'not_sent')
  })
})
