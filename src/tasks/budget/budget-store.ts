import { sql } from 'kysely'
import type { Reader, Step, Tx } from '../../storage/index.ts'
import type { Task } from '../task.ts'
import { mostOf } from './amount.ts'

/**
 * One limit of one task, in its whole units. Amounts are int64 and go in and out as big integers: neither engine hands
 * out a BIGINT above 2^53 as a number.
 */
export interface BudgetState {
  readonly taskId: string
  readonly name: string
  readonly most: bigint
  readonly used: bigint
}

/** What one call takes of one limit. */
export interface Taking {
  readonly taskId: string
  readonly name: string
  readonly amount: bigint
}

export function insertBudgetsQuery(db: Reader, task: Task): Step['query'] {
  const rows = task.budget.map((limit) => ({
    task_id: task.id,
    name: limit.name,
    most: mostOf(limit),
    used: 0n,
  }))
  return db.insertInto('budgets').values(rows)
}

export async function budgetsOf(db: Reader, taskIds: readonly string[]): Promise<BudgetState[]> {
  if (taskIds.length === 0) return []
  const rows = await db
    .selectFrom('budgets')
    .select(['task_id', 'name'])
    .select([
      sql<string>`CAST(most AS TEXT)`.as('most_text'),
      sql<string>`CAST(used AS TEXT)`.as('used_text'),
    ])
    .where('task_id', 'in', taskIds)
    .execute()
  return rows.map((row) => ({
    taskId: row.task_id,
    name: row.name,
    most: BigInt(row.most_text),
    used: BigInt(row.used_text),
  }))
}

/**
 * Takes an amount, while it is there.
 * INVARIANT: this conditional update is the only thing that counts up, so no race takes more than there is. The
 * difference cannot overflow where the sum could.
 */
export function takeQuery(db: Reader, { taskId, name, amount }: Taking): Step['query'] {
  return db
    .updateTable('budgets')
    .set({ used: sql<bigint>`used + ${amount}` })
    .where('task_id', '=', taskId)
    .where('name', '=', name)
    .where(sql<boolean>`used <= most - ${amount}`)
}

/** Remembers what a decision took, so that exactly that can be given back. */
export function insertUsesQuery(
  db: Reader,
  decisionId: string,
  takings: readonly Taking[],
): Step['query'] {
  const rows = takings.map(({ amount, name, taskId }) => ({
    decision_id: decisionId,
    task_id: taskId,
    name,
    amount,
  }))
  return db.insertInto('budget_uses').values(rows)
}

export async function usesOf(db: Reader, decisionId: string): Promise<Taking[]> {
  const rows = await db
    .selectFrom('budget_uses')
    .select(['task_id', 'name'])
    .select(sql<string>`CAST(amount AS TEXT)`.as('amount_text'))
    .where('decision_id', '=', decisionId)
    .execute()
  return rows.map((row) => ({
    taskId: row.task_id,
    name: row.name,
    amount: BigInt(row.amount_text),
  }))
}

export function deleteUseQuery(
  db: Reader,
  decisionId: string,
  { taskId, name }: Taking,
): Step['query'] {
  return db
    .deleteFrom('budget_uses')
    .where('decision_id', '=', decisionId)
    .where('task_id', '=', taskId)
    .where('name', '=', name)
}

export function giveBackQuery(db: Reader, { taskId, name, amount }: Taking): Step['query'] {
  return db
    .updateTable('budgets')
    .set({ used: sql<bigint>`used - ${amount}` })
    .where('task_id', '=', taskId)
    .where('name', '=', name)
}

/** Whether the task's own calls are used up. Holds the row: nothing is taken or given back until the transaction ends. */
export async function holdSpentCalls(tx: Tx, taskId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('budgets')
    .set({ used: sql<bigint>`used` })
    .where('task_id', '=', taskId)
    .where('name', '=', 'calls')
    .where(sql<boolean>`used = most`)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
