import assert from 'node:assert/strict'
import { test } from 'node:test'
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
