import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Guard } from './guard.ts'
import { keptQuery } from './kept-query.ts'
import { onBothEngines } from './testing.ts'

onBothEngines('a statement whose text is kept', (open) => {
  test('is built once and filled in each time; what is out of order is never kept', async () => {
    const { commit, read } = await open()
    let built = 0
    const use = (key: string, at: number, parameters: readonly unknown[] = ['kept', key, at]) => ({
      name: 'use',
      rows: 1,
      query: keptQuery(read, 'use', parameters, () => {
        built++
        return read.insertInto('used_once').values({ kind: 'kept', key, expires_at: at })
      }),
    })
    for (const wrong of [['kept', 1, 'a'], ['kept', 'a'], ['kept', 'a', 1, 2], []])
      assert.throws(() => use('a', 1, wrong).query.compile(), /not in the order of its text/)
    assert.equal(built, 4)
    await commit([use('a', 1), use('b', 2)])
    await commit([use('c', 3)])
    assert.equal(built, 5)
    const rows = await read.selectFrom('used_once').selectAll().orderBy('key').execute()
    assert.deepEqual(rows, [
      { kind: 'kept', key: 'a', expires_at: 1 },
      { kind: 'kept', key: 'b', expires_at: 2 },
      { kind: 'kept', key: 'c', expires_at: 3 },
    ])
  })

  test('works after a commit in which it was never reached', async () => {
    const { commit, read } = await open()
    const taken = new Guard('taken')
    const use = (key: string, guard = taken) => ({
      guard,
      rows: 1,
      query: keptQuery(read, 'after a failure', ['kept', key, 1], () =>
        read.insertInto('used_once').values({ kind: 'kept', key, expires_at: 1 }),
      ),
    })
    const other = {
      name: 'not built before',
      rows: 'any' as const,
      query: keptQuery(read, 'not built before', ['kept', 'none'], () =>
        read.deleteFrom('used_once').where('kind', '=', 'kept').where('key', '=', 'none'),
      ),
    }
    await commit([use('a')])
    for (let i = 0; i < 2; i++)
      assert.deepEqual(await commit([use('a'), other, use('b')]), {
        committed: false,
        failed: taken,
      })
    assert.deepEqual(await commit([use('b'), other, use('c')]), { committed: true })
  })

  test('is known to a connection of PostgreSQL by a name, one for each text', async () => {
    const { read } = await open()
    const of = (name: string, key: string) =>
      keptQuery(read, name, [key], () =>
        read.deleteFrom('used_once').where('key', '=', key),
      ).compile().preparedAs
    const all = read.deleteFrom('used_once')
    const other = keptQuery(read, 'third', [], () => all).compile().preparedAs
    assert.ok(of('first', 'a'))
    assert.equal(of('first', 'a'), of('second', 'b'))
    assert.notEqual(of('first', 'a'), other)
  })

  test('is of one store', async () => {
    const [one, other] = [await open(), await open()]
    for (const { commit, read } of [one, other]) {
      const query = keptQuery(read, 'is of one store', ['kept', 'a', 1], () =>
        read.insertInto('used_once').values({ kind: 'kept', key: 'a', expires_at: 1 }),
      )
      assert.deepEqual(await commit([{ name: 'use', query, rows: 1 }]), { committed: true })
    }
  })
})
