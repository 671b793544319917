import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { CompiledQuery } from 'kysely'
import type { Step } from '../storage.ts'
import type { Request, WriterLine } from './messages.ts'
import { Writer } from './writer.ts'

const BEHIND = { isBehind: true }

/** Writer over a line that says of everything at once that it is committed, and what went over it: the SQL of each message. */
function open(t: TestContext) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const sent: (readonly string[])[] = []
  let heard: Parameters<WriterLine['listen']>[0] | undefined
  const post = (request: Request): void => {
    if (request.kind === 'close') heard?.replies([{ id: request.id, kind: 'done' }])
    if (request.kind !== 'batches') return
    sent.push(request.batches.flatMap(({ steps }) => steps.map(({ sql }) => sql)))
    heard?.replies(
      request.batches.map(({ id }) => ({ id, kind: 'committed', failed: undefined }) as const),
    )
  }
  const listen: WriterLine['listen'] = (told) => {
    heard = told
  }
  return { writer: new Writer({ post, listen, release() {} }), sent }
}

function step(sql: string): Step {
  return { name: sql, query: { compile: () => CompiledQuery.raw(sql) }, rows: 1 }
}

test('a commit behind an answer waits for the next one, and goes before it', async (t) => {
  const { sent, writer } = open(t)
  const ends = [
    writer.commit([step('first end')], BEHIND),
    writer.commit([step('second end')], BEHIND),
  ]
  await setImmediate()
  assert.deepEqual(sent, [])
  await writer.commit([step('next')])
  await Promise.all(ends)
  assert.deepEqual(sent, [['first end', 'second end', 'next']])
  t.mock.timers.tick(5)
  assert.equal(sent.length, 1)
})

test('a commit behind an answer waits for five milliseconds at most', async (t) => {
  const { sent, writer } = open(t)
  const end = writer.commit([step('end')], BEHIND)
  t.mock.timers.tick(4)
  const later = writer.commit([step('later')], BEHIND)
  t.mock.timers.tick(1)
  await Promise.all([end, later])
  assert.deepEqual(sent, [['end', 'later']])
  const again = writer.commit([step('again')], BEHIND)
  t.mock.timers.tick(5)
  await again
  assert.deepEqual(sent.at(-1), ['again'])
})

test('a store that is closed writes first what waited', async (t) => {
  const { sent, writer } = open(t)
  const end = writer.commit([step('end')], BEHIND)
  await writer.close()
  await end
  assert.deepEqual(sent, [['end']])
})
