/** Calls on a PostgreSQL whose answers to COMMIT are cut off: on a server of its own, over a proxy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { READ, World } from '../../src/calls/calls/testing.ts'
import { openStorage } from '../../src/platform/storage/index.ts'
import { listDecisions } from '../../src/tasks/decision-log/index.ts'
import { startProxy } from './proxy.ts'
import { startPostgres } from './start.ts'

test('the answer to the COMMIT of a reservation is lost: every call goes on, once, and nothing is left behind', async () => {
  const server = await startPostgres()
  await (await openStorage({ kind: 'postgres', url: server.url, migrate: true })).close()
  const proxy = await startProxy(server.url)
  const storage = await openStorage({ kind: 'postgres', url: proxy.url })
  const world = await World.over(storage)
  try {
    const held = await world.open()
    const token = await world.token(held)
    const ids: string[] = []
    for (let i = 0; i < 4; i++) {
      const call = await world.call(held, token, READ)
      proxy.cutAfter('COMMIT\0')
      const verdict = await world.decide(held, token, READ, { proof: call.proof })
      assert.ok(verdict.outcome === 'permit', JSON.stringify(verdict))
      ids.push(verdict.decisionId)
    }
    const taskId = held.opened.task.id
    const rows = await listDecisions(storage.read, { taskId, limit: 50 })
    const sending = rows.filter(({ state }) => state === 'sending').map(({ id }) => id)
    assert.deepEqual(sending.toSorted(), ids.toSorted())
  } finally {
    await world.end()
    await storage.close()
    await proxy.close()
    await server.stop()
  }
})
