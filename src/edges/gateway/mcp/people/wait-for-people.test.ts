import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decideCall } from '../../../../calls/calls/index.ts'
import { type HeldTask, refund, type World, worldsOver } from '../../../../calls/calls/testing.ts'
import { RpcAnswer } from '../../../../calls/mcp-messages/rpc-answer.ts'
import { MCP_LIMITS } from '../../../../calls/mcp-sessions/limits.ts'
import { McpSessions } from '../../../../calls/mcp-sessions/mcp-sessions.ts'
import { printJson } from '../../../../platform/lib/json.ts'
import type { Wait } from '../../../../platform/lib/repeat.ts'
import { MINUTE } from '../../../../platform/lib/time-units.ts'
import { forEachEngine } from '../../../../platform/storage/testing.ts'
import type { Call } from '../../../../tasks/facts/index.ts'
import { waitForPeople } from './wait-for-people.ts'

type WaitParameters = Parameters<typeof waitForPeople>

forEachEngine('waiting for people', (open) => {
  const worlds = worldsOver(open)
  let amount = 900

  /** A call that waits, in a time that only passes while it does; and what was seen of it. */
  async function begin(world: World, how: { readonly progress: boolean; readonly later?: number }) {
    const held: HeldTask = await world.open()
    const token = await world.token(held)
    world.parts.clock.advance(how.later ?? 0)
    await world.parts.live.renew()
    const call: Call = await world.call(held, token, refund(`${++amount}.00`))
    const verdict = await decideCall(world.parts, call)
    assert.ok(verdict.outcome === 'requestable', JSON.stringify(verdict))
    const { clock, live } = world.parts
    const began = clock.monotonic()
    const seen = { words: [] as number[], looks: 0, watched: 0, countedAnew: 0 }
    const gone = new AbortController()
    const cancelled = new AbortController()
    const desk = new McpSessions()
    let then: (() => Promise<unknown>) | undefined
    const wait: Wait = async (ms) => {
      assert.ok(ms > 0 && ms <= MCP_LIMITS.lookEvery)
      clock.advance(ms)
      // A lease lasts longer than a few looks.
      if (++seen.looks % 4 === 0) await live.renew()
      await then?.()
    }
    const decided = {
      call,
      verdict,
      answer: {
        gone: gone.signal,
        progress: () => void seen.words.push(clock.monotonic() - began),
        countAnew: () => void seen.countedAnew++,
      },
      cancelled: cancelled.signal,
      conversation: { task: held.opened.task.id },
      params: new Map([['name', 'refund']]),
      progressToken: how.progress ? 'p' : undefined,
      rpc: { kind: 'request', id: 1, method: 'tools/call', params: new Map() },
    }
    const ports = {
      decisions: world.parts,
      desk,
      mcp: { ...MCP_LIMITS, held: { ...MCP_LIMITS.held, perTask: 1 } },
      running: {
        watch: () => {
          seen.watched++
          return () => void seen.watched--
        },
      },
      wait,
    }
    const settle = async () => {
      const ended = await waitForPeople(...([decided, ports] as unknown as WaitParameters)).then(
        () => 'permitted',
        (error: unknown) => {
          assert.ok(error instanceof RpcAnswer, String(error))
          return error.reply.kind === 'result' ? printJson(error.reply.result) : error.reply.message
        },
      )
      assert.equal(seen.watched, 0, 'nothing is watched any more')
      const free = desk.hold(
        { task: held.opened.task.id, agent: 'bot', person: 'sam' },
        1,
        ports.mcp.held,
      )
      assert.ok(free, 'its place is free again')
      free()
      return { ended, heldMs: clock.monotonic() - began }
    }
    return {
      seen,
      settle,
      leave: () => gone.abort(),
      cancel: () => cancelled.abort(),
      requestId: verdict.request.id,
      meanwhile: (act: () => Promise<unknown>) => {
        then = async () => {
          then = undefined
          await act()
        }
      },
    }
  }

  test('lasts 210 seconds for a client that is told, at once and at least every ten seconds', async () => {
    const { seen, settle } = await begin(await worlds.shared(), { progress: true })
    const { ended, heldMs } = await settle()
    assert.match(ended, /PENDING, not executed/)
    assert.equal(heldMs, 210_000)
    assert.equal(seen.words[0], 0)
    const gaps = seen.words.map((at, i) => at - (seen.words[i - 1] ?? 0))
    assert.ok(Math.max(...gaps) <= 10_000, gaps.join())
    assert.ok(seen.words.length <= 22, 'and not all the time')
  })

  test('lasts 55 seconds for a client that hears nothing', async () => {
    const { seen, settle } = await begin(await worlds.shared(), { progress: false })
    const { ended, heldMs } = await settle()
    assert.match(ended, /PENDING, not executed/)
    assert.equal(heldMs, 55_000)
    assert.deepEqual(seen.words, [])
  })

  test('is over when the token is', async () => {
    const world = await worlds.shared()
    const { settle } = await begin(world, { progress: true, later: 4 * MINUTE })
    const { ended, heldMs } = await settle()
    assert.match(ended, /PENDING, not executed/)
    assert.ok(heldMs <= MINUTE && heldMs > MINUTE - 2_000, String(heldMs))
  })

  test('is over with an answer, whatever it is', async () => {
    const world = await worlds.shared()
    for (const [answer, words] of [
      ['approve', /^permitted$/],
      ['deny', /Not executed: a person denied this call/],
    ] as const) {
      const waiting = await begin(world, { progress: true })
      waiting.meanwhile(() => world.answer(waiting.requestId, world.finn, answer))
      const { ended, heldMs } = await waiting.settle()
      assert.match(ended, words)
      assert.equal(heldMs, MCP_LIMITS.lookEvery)
      assert.equal(waiting.seen.countedAnew, 1)
    }
  })

  test('is over as soon as its client has gone, or does not want it any more', async () => {
    const world = await worlds.shared()
    for (const how of ['leave', 'cancel'] as const) {
      const waiting = await begin(world, { progress: true })
      waiting.meanwhile(async () => waiting[how]())
      const { ended } = await waiting.settle()
      assert.match(ended, /PENDING/)
      assert.equal(waiting.seen.looks, 1, how)
    }
  })
})
