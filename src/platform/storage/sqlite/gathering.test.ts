import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { CompiledQuery } from 'kysely'
import type { Step } from '../storage.ts'
import type { WriterLine } from './messages.ts'
import { Writer } from './writer.ts'

/** Writer, the SQL of each message that it sent, and what answers the oldest message that has no answer. */
function open() {
  const sent: (readonly string[])[] = []
  const unanswered: (readonly number[])[] = []
  let heard: Parameters<WriterLine['listen']>[0] | undefined
  const line: WriterLine = {
    post(request) {
      if (request.kind !== 'batches') return
      sent.push(request.batches.flatMap(({ steps }) => steps.map(({ sql }) => sql)))
      unanswered.push(request.batches.map(({ id }) => id))
    },
    listen(told) {
      heard = told
    },
    release() {},
  }
  const answer = () => {
    const ids = unanswered.shift() ?? []
    heard?.replies(ids.map((id) => ({ id, kind: 'committed', failed: undefined })))
  }
  const writer = new Writer(line)
  const commit = (sql: string) => writer.commit([step(sql)])
  return { answer, commit, sent }
}

function step(sql: string): Step {
  return { name: sql, query: { compile: () => CompiledQuery.raw(sql) }, rows: 1 }
}

async function turns(): Promise<void> {
  for (let i = 0; i < 5; i++) await setImmediate()
}

test('who commits alone waits for no turn, and what comes in one tick travels together', async () => {
  const { answer, commit, sent } = open()
  for (const sql of ['a', 'b', 'c']) {
    const done = commit(sql)
    await undefined
    assert.deepEqual(sent.at(-1), [sql])
    answer()
    await done
  }
  const both = [commit('d'), commit('e')]
  await undefined
  assert.deepEqual(sent.at(-1), ['d', 'e'])
  answer()
  await Promise.all(both)
})

test('where others come meanwhile, batches are gathered, and once more after that', async () => {
  const { answer, commit, sent } = open()
  const first = commit('a')
  await undefined
  const second = commit('b')
  await undefined
  assert.deepEqual(sent, [['a']])
  const third = commit('c')
  await turns()
  assert.deepEqual(sent, [['a'], ['b', 'c']])
  answer()
  answer()
  await Promise.all([first, second, third])
  // Alone, and not known to be.
  const fourth = commit('d')
  await undefined
  assert.equal(sent.length, 2)
  await turns()
  assert.deepEqual(sent.at(-1), ['d'])
  answer()
  await fourth
  const fifth = commit('e')
  await undefined
  assert.deepEqual(sent.at(-1), ['e'])
  answer()
  await fifth
})

test('two of which the second comes a little later share a commit the next time', async () => {
  const { answer, commit, sent } = open()
  for (let round = 0; round < 3; round++) {
    const first = commit('a')
    await undefined
    await undefined
    const second = commit('b')
    await turns()
    answer()
    answer()
    await Promise.all([first, second])
  }
  assert.deepEqual(sent, [['a'], ['b'], ['a', 'b'], ['a', 'b']])
})
