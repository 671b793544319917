import { type Selectable, sql } from 'kysely'
import { keptQuery, type Reader, type Schema, type Step } from '../../platform/storage/index.ts'

/** Habit of an agent: it called an action (empty: any), with a counterparty (empty: any). */
export interface Habit {
  readonly action: string
  readonly counterparty: string
}

export interface KnownHabit extends Habit {
  readonly firstAt: number
  readonly lastAt: number
}

/**
 * Selects those of these habits that the agent has. Where nothing begins a habit, each call asks: an enforcement point that only
 * evaluates, say.
 */
export async function selectHabits(
  db: Reader,
  agentId: string,
  habits: readonly Habit[],
): Promise<KnownHabit[]> {
  const parameters = [agentId, ...habits.flatMap((each) => [each.action, each.counterparty])]
  const build = () =>
    db
      .selectFrom('agent_habits')
      .select(['action', 'counterparty', 'first_at', 'last_at'])
      .where('agent_id', '=', agentId)
      .where(({ and, eb, or }) =>
        or(
          habits.map(({ action, counterparty }) =>
            and([eb('action', '=', action), eb('counterparty', '=', counterparty)]),
          ),
        ),
      )
  const query = keptQuery(db, `habits ${habits.length}`, parameters, build)
  const { rows } = await db.executeQuery<HabitRow>(query.compile())
  return rows.map(({ action, counterparty, first_at, last_at }) => ({
    action,
    counterparty,
    firstAt: first_at,
    lastAt: last_at,
  }))
}

type HabitRow = Pick<
  Selectable<Schema['agent_habits']>,
  'action' | 'counterparty' | 'first_at' | 'last_at'
>

/**
 * Writes the habits that begin with this decision. A habit that another call began in the same
 * moment stays that call's.
 */
export function insertHabitsQuery(
  db: Reader,
  by: { readonly agentId: string; readonly decisionId: string; readonly at: number },
  habits: readonly Habit[],
): Step['query'] {
  return db
    .insertInto('agent_habits')
    .values(
      habits.map(({ action, counterparty }) => ({
        agent_id: by.agentId,
        action,
        counterparty,
        first_at: by.at,
        first_by: by.decisionId,
        last_at: by.at,
      })),
    )
    .onConflict((conflict) => conflict.columns(['agent_id', 'action', 'counterparty']).doNothing())
}

export function touchHabitQuery(
  db: Reader,
  agentId: string,
  { action, counterparty }: Habit,
  at: number,
): Step['query'] {
  return db
    .updateTable('agent_habits')
    .set({ last_at: at })
    .where('agent_id', '=', agentId)
    .where('action', '=', action)
    .where('counterparty', '=', counterparty)
    .where('last_at', '<', at)
}

/** Deletes the habits that began with a call that was not sent after all. */
export function deleteHabitsQuery(
  db: Reader,
  begun: { readonly agentId: string; readonly action: string; readonly decisionId: string },
): Step['query'] {
  return db
    .deleteFrom('agent_habits')
    .where('agent_id', '=', begun.agentId)
    .where('action', 'in', ['', begun.action])
    .where('first_by', '=', begun.decisionId)
}

/** Key under which the sizes of an agent's calls are counted. */
export interface SizeKey {
  readonly agentId: string
  readonly action: string
  readonly path: string
}

export function countSizeQuery(
  db: Reader,
  { action, agentId, path }: SizeKey,
  at: { readonly day: number; readonly bucket: number; readonly shard: number },
): Step['query'] {
  return db
    .insertInto('action_sizes')
    .values({ agent_id: agentId, action, path, ...at, count: 1 })
    .onConflict((conflict) =>
      conflict
        .columns(['agent_id', 'action', 'path', 'day', 'bucket', 'shard'])
        .doUpdateSet({ count: sql<number>`action_sizes.count + 1` }),
    )
}

/** Counts how often each size came, from one day on, before another. */
export async function histogramOf(
  db: Reader,
  { action, agentId, path }: SizeKey,
  days: { readonly from: number; readonly before: number },
): Promise<ReadonlyMap<number, number>> {
  const rows = await db
    .selectFrom('action_sizes')
    .select(['bucket', sql<string>`CAST(SUM(count) AS TEXT)`.as('total')])
    .where('agent_id', '=', agentId)
    .where('action', '=', action)
    .where('path', '=', path)
    .where('day', '>=', days.from)
    .where('day', '<', days.before)
    .groupBy('bucket')
    .execute()
  return new Map(rows.map(({ bucket, total }) => [bucket, Number(total)]))
}

/** Calls of an agent for a person that other processes permitted since then, as far as it matters. */
export async function countCallsElsewhere(
  db: Reader,
  of: { readonly agentId: string; readonly personId: string; readonly replicaId: string },
  since: number,
  most: number,
): Promise<number> {
  const { count } = await db
    .selectFrom(
      db
        // An agent has many calls in a minute, for many people; a person has few.
        .selectFrom('person_decisions')
        .select('id')
        .where('person_id', '=', of.personId)
        .where('agent_id', '=', of.agentId)
        .where('outcome', '=', 'permit')
        // A decision that only asked people was no call.
        .where('state', '!=', 'decided')
        .where('replica_id', '!=', of.replicaId)
        .where('at', '>', since)
        .limit(most)
        .as('calls'),
    )
    .select(sql<string>`CAST(COUNT(*) AS TEXT)`.as('count'))
    .executeTakeFirstOrThrow()
  return Number(count)
}

/**
 * Erases habits and sizes that are older than the given times, so that such acts are unknown again.
 * Answers how many rows were erased.
 */
export async function purgeRiskHistory(
  tx: Reader,
  before: { readonly habitsAt: number; readonly sizesDay: number },
): Promise<number> {
  const habits = await tx
    .deleteFrom('agent_habits')
    .where('last_at', '<', before.habitsAt)
    .executeTakeFirstOrThrow()
  const sizes = await tx
    .deleteFrom('action_sizes')
    .where('day', '<', before.sizesDay)
    .executeTakeFirstOrThrow()
  return Number(habits.numDeletedRows + sizes.numDeletedRows)
}
