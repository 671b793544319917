import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { ALL_OF_ORDERS, ISSUER, worldsOver } from '../../../calls/calls/testing.ts'
import { setNotifyAt } from '../../../identity/agents/index.ts'
import { outbound } from '../../../platform/net/index.ts'
import { forEachEngine } from '../../../platform/storage/testing.ts'
import { askDirectly } from './ask-directly.ts'
import { tellResolved } from './tell.ts'
import { DeferralWorld } from './testing.ts'

forEachEngine('an agent is told that there is an answer', (open) => {
  const worlds = worldsOver(open)

  /** An answer that its agent wants to hear of, and a server that counts who comes. */
  async function answered(t: TestContext, host: string) {
    let reached = 0
    const server = createServer((_, reply) => {
      reached++
      reply.writeHead(204).end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    t.after(() => server.close())
    const { port } = server.address() as AddressInfo // listening on TCP
    const world = await worlds.own(t)
    const { parts } = world
    const waiting = await DeferralWorld.in(world)
    await setNotifyAt(parts, {
      ...{ agentId: 'refund-bot', allowLoopback: true, by: 'operator' },
      notifyAt: `${host === '127.0.0.1' ? 'http' : 'https'}://${host}:${port}/answers`,
    })
    const held = await waiting.deferred({ defer: { notificationToken: 'a-token-of-its-own' } })
    parts.clock.advance(2_000)
    await waiting.answer('grant')
    const told = async () =>
      (await parts.recorded()).filter(({ type }) => type === 'deferral.told').map((r) => r.outcome)
    return { held, parts, port, reached: () => reached, told, waiting }
  }

  test('V2: not where its name leads inside, and that is not tried again', async (t) => {
    const { held, parts, reached, told, waiting } = await answered(t, 'agent.example')
    for (const [address, family] of [
      ['127.0.0.1', 4],
      ['169.254.169.254', 4],
      ['64:ff9b::7f00:1', 6],
    ] as const) {
      const out = outbound({
        allowOrigins: () => false,
        resolver: async () => [{ address, family }],
      })
      t.after(() => out.close())
      await tellResolved({ ...parts, outbound: out })
    }
    assert.equal(reached(), 0)
    assert.deepEqual(await told(), ['failed'])
    assert.equal((await waiting.poll(held.code)).outcome, 'opened', 'who asks is told all the same')
  })

  test('V2: once, however many replicas look, and by asking when nobody heard it', async (t) => {
    const { held, parts, port, reached, told, waiting } = await answered(t, '127.0.0.1')
    const out = outbound({ allowOrigins: (origin) => origin === `http://127.0.0.1:${port}` })
    t.after(() => out.close())
    await Promise.all(Array.from({ length: 8 }, () => tellResolved({ ...parts, outbound: out })))
    await tellResolved({ ...parts, outbound: out })
    assert.equal(reached(), 1)
    assert.deepEqual(await told(), ['told'])
    assert.equal((await waiting.poll(held.code)).outcome, 'opened')
  })

  test('M2: of what the person allowed before, too', async (t) => {
    const { parts, port, reached, waiting } = await answered(t, '127.0.0.1')
    const { proof: _, ...presented } = waiting.presented(
      waiting.key,
      `${ISSUER}/oauth/bc-authorize`,
    )
    const { sam } = waiting.world
    const asked = await askDirectly(parts, {
      ...{ ...presented, proof: undefined, waits: 600, message: undefined },
      details: [{ ...ALL_OF_ORDERS, actions: ['orders.read'] }],
      ...{ purpose: 'look', hint: { kind: 'login_hint', value: sam.id } },
      notificationToken: 'another-token',
    })
    assert.ok(asked.outcome === 'asked' && asked.held.consentId === null)
    parts.clock.advance(1_000)
    const out = outbound({ allowOrigins: (origin) => origin === `http://127.0.0.1:${port}` })
    t.after(() => out.close())
    await tellResolved({ ...parts, outbound: out })
    assert.equal(reached(), 2)
    const poll = await waiting.poll(asked.held.code, { flow: 'ciba' })
    assert.equal(poll.outcome, 'opened')
  })
})
