import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cancelAtServer } from './ask-server.ts'

type Parameter = Parameters<typeof cancelAtServer>

test('the id of a task goes to no other address than the one that gave it', async () => {
  const held = { decisionId: 'dec_1', serverTask: 'secret', upstream: 'https://old.example/mcp' }
  for (const upstream of ['https://new.example/mcp', 'https://old.example/mcp']) {
    const warned: unknown[] = []
    const ports = { log: { warn: (...said: unknown[]) => warned.push(said) } }
    // as: whatever is asked for beyond that fails, and is warned about
    const asked = [held, { upstream }, ports] as unknown as Parameter
    await cancelAtServer(...asked)
    assert.equal(warned.length, upstream === held.upstream ? 1 : 0, upstream)
  }
})
