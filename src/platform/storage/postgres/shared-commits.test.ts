import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { CompiledQuery } from 'kysely'
import { unavailable, uncertainCommit } from '../failure.ts'
import { Guard } from '../guard.ts'
import type { CommitResult, Step } from '../storage.ts'
import { SharedCommits } from './shared-commits.ts'

const GUARD = new Guard('test')

function step(sql: string): Step {
  return { guard: GUARD, query: { compile: () => CompiledQuery.raw(sql) }, rows: 1 }
}

/** Commits over a database that answers for each transaction what `answer` says; and the transactions that it got. */
function open(
  t: TestContext,
  answer: (texts: readonly string[]) => CommitResult | Error = () => ({ committed: true }),
) {
  t.mock.timers.enable({ apis: ['setTimeout'] })
  const sent: (readonly string[])[] = []
  const shared = new SharedCommits(async (steps) => {
    const texts = steps.map(({ query }) => query.compile().sql)
    sent.push(texts)
    const said = answer(texts)
    if (said instanceof Error) throw said
    return said
  })
  return { sent, shared }
}

test('commits behind answers share a transaction after five milliseconds, or when they are many', async (t) => {
  const { sent, shared } = open(t)
  const ends = ['a', 'b'].map((text) => shared.commit([step(text)]))
  t.mock.timers.tick(4)
  assert.equal(sent.length, 0)
  t.mock.timers.tick(1)
  assert.deepEqual(await Promise.all(ends), [{ committed: true }, { committed: true }])
  assert.deepEqual(sent, [['a', 'b']])
  await Promise.all(Array.from({ length: 32 }, (_, i) => shared.commit([step(`${i}`)])))
  assert.deepEqual(
    sent.map((texts: readonly string[]) => texts.length),
    [2, 32],
  )
})

test('one that does not hold fails alone', async (t) => {
  const failed = { committed: false, failed: GUARD } as const
  const { sent, shared } = open(t, (texts) =>
    texts.includes('bad')
      ? failed
      : texts.includes('broken')
        ? unavailable('gone')
        : { committed: true },
  )
  const good = shared.commit([step('good')])
  const bad = shared.commit([step('bad')])
  const broken = shared.commit([step('broken')])
  await Promise.allSettled([shared.flush(), broken])
  assert.deepEqual(await good, { committed: true })
  assert.deepEqual(await bad, failed)
  await assert.rejects(broken, { code: 'storage.unavailable' })
  assert.deepEqual(sent, [['good', 'bad', 'broken'], ['good'], ['bad'], ['broken']])
})

test('what may have taken place is not done again', async (t) => {
  const { sent, shared } = open(t, () => uncertainCommit('no answer'))
  const ends = ['a', 'b'].map((text) => shared.commit([step(text)]))
  const [done] = await Promise.all([Promise.allSettled(ends), shared.flush()])
  assert.deepEqual(
    done.map(({ status }) => status),
    ['rejected', 'rejected'],
  )
  assert.equal(sent.length, 1)
})

test('a store that is closed waits for what was sent', async (t) => {
  const { sent, shared } = open(t)
  const end = shared.commit([step('a')])
  await shared.flush()
  assert.deepEqual([sent, await end], [[['a']], { committed: true }])
})
