import assert from 'node:assert/strict'
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { test } from 'node:test'
import { manualClock } from '../../lib/clock.ts'
import { Problem } from '../../lib/problem.ts'
import { systemRandom } from '../../lib/random.ts'
import type { Storage } from '../../storage/index.ts'
import { forEachEngine } from '../../storage/testing.ts'
import { artefacts, keepRegistration } from '../../tokens/index.ts'
import { registrationEndpoint, UNUSED_SECONDS } from './register.ts'

const HOUR_MS = 3_600_000

function request(): IncomingMessage {
  const body = JSON.stringify({ redirect_uris: ['http://localhost/callback'] })
  const message = Readable.from([Buffer.from(body)])
  const head = { method: 'POST', headers: { 'content-type': 'application/json' } }
  return Object.assign(message, head) as unknown as IncomingMessage // all that is looked at
}

function begin(storage: Storage, mostUnused?: number) {
  const clock = manualClock()
  const kept = artefacts({ storage, clock })
  const ports = { artefacts: kept, clock, random: systemRandom }
  return {
    clock,
    register: () =>
      registrationEndpoint(request(), { ...ports, ...(mostUnused ? { mostUnused } : {}) }),
    knows: async (id: string) => (await kept.find('Client', { id })) !== undefined,
    forget: () => kept.forget(),
  }
}

const isFull = (error: unknown) =>
  error instanceof Problem && error.code === 'registration.too_many'

forEachEngine('registrations', (open) => {
  test('one that nobody uses is forgotten after a week, one that became an agent stays', async () => {
    const storage = await open()
    const { clock, forget, knows, register } = begin(storage)
    const [unused, used] = [await register(), await register()]
    await storage.transaction((tx) => keepRegistration(tx, used.client_id))
    clock.advance(UNUSED_SECONDS * 1000 - 1)
    assert.ok(await knows(unused.client_id))
    clock.advance(2)
    await forget()
    assert.deepEqual([await knows(unused.client_id), await knows(used.client_id)], [false, true])
  })

  test('so many wait and no more; who waits an hour makes room, and agents take none', async () => {
    const storage = await open()
    const { clock, knows, register } = begin(storage, 3)
    const agent = await register()
    await storage.transaction((tx) => keepRegistration(tx, agent.client_id))
    const old = await register()
    clock.advance(HOUR_MS + 1)
    const young = [await register(), await register()]
    // The room is full: the old one goes, and nobody else.
    const next = await register()
    assert.equal(await knows(old.client_id), false)
    for (const { client_id } of [agent, ...young, next]) assert.ok(await knows(client_id))
    await assert.rejects(register(), isFull)
    clock.advance(HOUR_MS + 1)
    await register()
    assert.ok(await knows(agent.client_id))
  })

  test('no two get the same name', async () => {
    const { register } = begin(await open())
    const all = await Promise.all(Array.from({ length: 32 }, register))
    assert.equal(new Set(all.map(({ client_id }) => client_id)).size, 32)
  })
})
