import { sql } from 'kysely'
import { packBundle } from '../../src/platform/ledger/index.ts'
import { base64url } from '../../src/platform/lib/bytes.ts'
import { systemRandom } from '../../src/platform/lib/random.ts'
import type { Storage } from '../../src/platform/storage/index.ts'
import { fillDerived } from '../../src/tasks/decision-log/index.ts'

export const MONTHS = 12
export const MONTH_MS = 30 * 86_400_000
/** Rows of one statement: it must not take longer than a statement may. */
const AT_ONCE = 2_000
const BUNDLES_AT_ONCE = 40

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

/** Records of a packed bundle. */
const WIDTH = 256

/**
 * Fills a store with decisions of twelve months, and for each the record of its intent with its
 * arguments beside it. Rows are made by the database, with ids in the order of their times, as
 * calls have them; records are packed, as a server packs them.
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
  await storage.exclusively((tx) => fillDerived(tx, storage.engine))
  for (let from = 0; from < count; from += WIDTH * BUNDLES_AT_ONCE) {
    const bundles: { bundle: number; packed: Uint8Array }[] = []
    for (let at = from; at < Math.min(from + WIDTH * BUNDLES_AT_ONCE, count); at += WIDTH)
      bundles.push({ bundle: at / WIDTH, packed: await packedRecords({ begin, from: at, step }) })
    await storage.transaction((tx) => tx.insertInto('ledger_bundles').values(bundles).execute())
  }
  // What is recorded from now on stands behind them.
  const size = Math.ceil(count / WIDTH) * WIDTH
  await storage.transaction((tx) =>
    tx.insertInto('ledger_head').values({ id: 1, size, fence: 0 }).execute(),
  )
}

function packedRecords({ begin, from, step }: Omit<FillStep, 'to'>): Promise<Uint8Array> {
  const some = (bytes: number) => base64url(systemRandom.bytes(bytes))
  const records = Array.from({ length: WIDTH }, (_, i) => {
    const n = from + i
    const time = new Date(Math.floor(begin + n * step)).toISOString()
    return Buffer.from(
      `{"action":"orders.refund","agent":"agent-${n % 200}","call_hash":"${some(32)}","chain":["agent-${n % 200}"],"commitments":{"arguments":"${some(32)}"},"event_id":"rec_${some(16)}","outcome":"permit","person":"psn_${n % 5000}","policy_version":1,"reason":"permitted","resource":"orders","task":"tsk_${Math.floor(n / 20)}","time":"${time}","type":"decision.intent","v":1}`,
    )
  })
  return packBundle(records)
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
  const id = sql`'dec_' || printf('%010x', i) || lower(hex(randomblob(6)))`
  return [
    sql`${n} INSERT INTO decisions (id, task_id, person_id, agent_id, resource, action, outcome, reason, call_hash, policy_version, explanation, state, status, replica_id, at, ended_at, inputs, setting)
      SELECT ${id}, 'tsk_' || (i / 20), 'psn_' || (i % 5000), 'agent-' || (i % 200), 'orders', 'orders.refund', 'permit', 'permitted', hex(randomblob(16)), 1, ${EXPLANATION}, 'answered', 201, 'rpl_1', ${at}, ${at}, ${INPUTS}, 'digest' FROM n`,
    sql`${n} INSERT INTO ledger_private (position, private)
      SELECT i, '{"arguments":{"salt":"' || hex(randomblob(22)) || '","value":"' || hex(randomblob(60)) || '"}}' FROM n`,
  ]
}

function inPostgres({ begin, from, step, to }: FillStep) {
  const n = sql`generate_series(${sql.lit(from)}, ${sql.lit(to)}) AS i`
  const at = sql`(${sql.lit(begin)} + i::numeric * ${sql.lit(step)})::bigint`
  const noise = sql`md5(random()::text)`
  return [
    // Not as a call does, which begins as `sending`: a trigger would fill a million rows one by one.
    sql`WITH made AS (INSERT INTO decisions (id, task_id, person_id, agent_id, resource, action, outcome, reason, call_hash, policy_version, explanation, state, status, replica_id, at, ended_at, inputs, setting)
      SELECT 'dec_' || lpad(to_hex(i), 10, '0') || substr(${noise}, 1, 12), 'tsk_' || (i / 20), 'psn_' || (i % 5000), 'agent-' || (i % 200), 'orders', 'orders.refund', 'permit', 'permitted', ${noise}, 1, ${sql.lit(EXPLANATION)}, 'answered', 201, 'rpl_1', ${at}, ${at}, ${sql.lit(INPUTS)}, 'digest' FROM ${n} RETURNING id, at)
      INSERT INTO decision_endings (decision_id, state, status, ended_at) SELECT id, 'answered', 201, at FROM made`,
    sql`INSERT INTO ledger_private (position, private)
      SELECT i, '{"arguments":{"salt":"' || ${noise} || '","value":"' || repeat(${noise}, 4) || '"}}' FROM ${n}`,
  ]
}
