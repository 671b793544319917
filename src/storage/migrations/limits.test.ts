import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { ground } from './0001-ground.ts'
import { breadth } from './0002-breadth.ts'
import { limits } from './0004-limits.ts'
import { wordsOf } from './migration.ts'

test('what tasks have used of their budgets stays used, and can still be given back', () => {
  const db = new DatabaseSync(':memory:', { enableForeignKeyConstraints: false })
  const run = ({ statements }: typeof limits) => {
    for (const statement of statements(wordsOf('sqlite'))) db.exec(statement)
  }
  run(ground)
  run(breadth)
  db.exec(`INSERT INTO budgets (task_id, name, most, used) VALUES ('tsk_a', 'calls', 20, 3)`)
  db.exec(
    `INSERT INTO budget_uses (decision_id, task_id, name, amount) VALUES ('dec_a', 'tsk_a', 'calls', 1)`,
  )
  run(limits)
  const of = (table: string) =>
    db
      .prepare(`SELECT * FROM ${table}`)
      .all()
      .map((row) => ({ ...row }))
  assert.deepEqual(of('limit_counts'), [
    { owner: 'tsk_a', name: 'calls', used: 3, window_ms: null, swept_to: 0 },
  ])
  assert.deepEqual(of('limit_uses'), [
    { decision_id: 'dec_a', owner: 'tsk_a', name: 'calls', amount: 1, at: null },
  ])
  assert.throws(() => of('budgets'), /no such table/)
  db.close()
})
