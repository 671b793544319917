import { sql } from 'kysely'
import type { Storage } from '../../src/storage/index.ts'

export const MONTHS = 12
export const MONTH_MS = 30 * 86_400_000
/** Rows of one statement: it must not take longer than a statement may. */
const AT_ONCE = 2_000

const EXPLANATION = JSON.stringify({
  gates: ['credential', 'liveness', 'coverage', 'person', 'agent', 'budget', 'obligations'].map(
    (gate) => ({ gate, passed: true }),
  ),
})
const INPUTS = JSON.stringify({
  args: [
    ['order_id', 's', '1042'],
    ['amount', 'd', '41.17'],
    ['note', 's', 'x'.repeat(80)],
  ],
  risk: 'medium',
  weighed: 'm0000000000000000',
  context: { approvals: [] },
})

/**
 * Fills a store with decisions of twelve months, and for each the record of its intent with its
 * arguments beside it. Made by the database: random ids, as calls have them.
 */
export async function fill(storage: Storage, count: number, begin: number): Promise<void> {
  const step = (MONTHS * MONTH_MS) / count
  for (let from = 0; from < count; from += AT_ONCE) {
    const to = Math.min(from + AT_ONCE, count) - 1
    const plan = { from, to, begin, step }
    const statements = storage.engine === 'sqlite' ? inSqlite(plan) : inPostgres(plan)
    await storage.transaction(async (tx) => {
      for (const statement of statements) await statement.execute(tx)
    })
  }
}

interface FillStep {
  readonly from: number
  readonly to: number
  readonly begin: number
  readonly step: number
}

function inSqlite({ begin, from, step, to }: FillStep) {
  const n = sql`WITH RECURSIVE n(i) AS (SELECT ${sql.lit(from)} UNION ALL SELECT i + 1 FROM n WHERE i < ${sql.lit(to)})`
  const at = sql`CAST(${sql.lit(begin)} + i * ${sql.lit(step)} AS INTEGER)`
  const time = sql`strftime('%Y-%m-%dT%H:%M:%fZ', (${at}) / 1000.0, 'unixepoch')`
  const id = sql`'dec_' || lower(hex(randomblob(11)))`
  return [
    sql`${n} INSERT INTO decisions (id, task_id, person_id, agent_id, resource, action, outcome, reason, call_hash, policy_version, explanation, state, status, replica_id, at, ended_at, inputs, setting)
      SELECT ${id}, 'tsk_' || (i / 20), 'psn_' || (i % 5000), 'agent-' || (i % 200), 'orders', 'orders.refund', 'permit', 'permitted', hex(randomblob(16)), 1, ${EXPLANATION}, 'answered', 201, 'rpl_1', ${at}, ${at}, ${INPUTS}, 'digest' FROM n`,
    sql`${n} INSERT INTO ledger_leaves (position, leaf_hash, record)
      SELECT i, randomblob(32), CAST('{"type":"decision.intent","time":"' || ${time} || '","person":"psn_' || (i % 5000) || '","agent":"agent-' || (i % 200) || '","task":"tsk_' || (i / 20) || '","resource":"orders","rest":"' || hex(randomblob(150)) || '"}' AS BLOB) FROM n`,
    sql`${n} INSERT INTO ledger_private (position, private)
      SELECT i, '{"arguments":{"salt":"' || hex(randomblob(22)) || '","value":"' || hex(randomblob(60)) || '"}}' FROM n`,
  ]
}

function inPostgres({ begin, from, step, to }: FillStep) {
  const n = sql`generate_series(${sql.lit(from)}, ${sql.lit(to)}) AS i`
  const at = sql`(${sql.lit(begin)} + i::numeric * ${sql.lit(step)})::bigint`
  const time = sql`to_char(to_timestamp((${at}) / 1000.0) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`
  const noise = sql`md5(random()::text)`
  return [
    sql`INSERT INTO decisions (id, task_id, person_id, agent_id, resource, action, outcome, reason, call_hash, policy_version, explanation, state, status, replica_id, at, ended_at, inputs, setting)
      SELECT 'dec_' || substr(${noise}, 1, 22), 'tsk_' || (i / 20), 'psn_' || (i % 5000), 'agent-' || (i % 200), 'orders', 'orders.refund', 'permit', 'permitted', ${noise}, 1, ${sql.lit(EXPLANATION)}, 'answered', 201, 'rpl_1', ${at}, ${at}, ${sql.lit(INPUTS)}, 'digest' FROM ${n}`,
    sql`INSERT INTO ledger_leaves (position, leaf_hash, record)
      SELECT i, decode(${noise}, 'hex'), convert_to('{"type":"decision.intent","time":"' || ${time} || '","person":"psn_' || (i % 5000) || '","agent":"agent-' || (i % 200) || '","task":"tsk_' || (i / 20) || '","resource":"orders","rest":"' || repeat(${noise}, 9) || '"}', 'UTF8') FROM ${n}`,
    sql`INSERT INTO ledger_private (position, private)
      SELECT i, '{"arguments":{"salt":"' || ${noise} || '","value":"' || repeat(${noise}, 4) || '"}}' FROM ${n}`,
  ]
}
