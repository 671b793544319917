import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { gunzipSync } from 'node:zlib'
import { RECORDS } from '../../src/platform/dictionaries/index.ts'
import { readBundle } from '../../src/platform/ledger/index.ts'

/**
 * Counts from the server's own books, read after a run. They have to agree with the load
 * generator's.
 */
export interface Books {
  /** Records of the ledger by type, whether they have their position yet or not. */
  readonly records: ReadonlyMap<string, number>
  /** Ids of decisions that enforcement points were given, each once, whether they share a record or not. */
  readonly evaluations: ReadonlySet<string>
  /** Decisions by state. */
  readonly decisions: ReadonlyMap<string, number>
  /** Policies in force. */
  readonly policies: number
}

export function readBooks(data: string): Books {
  const db = new DatabaseSync(join(data, 'remit.db'), { readOnly: true })
  try {
    const records = new Map<string, number>()
    const evaluations = new Set<string>()
    for (const record of recordsIn(db)) {
      const { decision_id, facts, type } = JSON.parse(Buffer.from(record).toString())
      records.set(type, (records.get(type) ?? 0) + 1)
      if (type !== 'evaluation.answered') continue
      for (const each of facts?.decisions ?? [{ decision_id }]) evaluations.add(each.decision_id)
    }
    const states = db.prepare('SELECT state, count(*) AS n FROM decisions GROUP BY state').all()
    const [set] = db.prepare('SELECT text FROM policy_sets ORDER BY version DESC LIMIT 1').all()
    return {
      records,
      evaluations,
      policies: [...String(set?.text).matchAll(/^@id\(/gm)].length,
      decisions: new Map(states.map(({ n, state }) => [String(state), Number(n)])),
    }
  } finally {
    db.close()
  }
}

function* recordsIn(db: DatabaseSync): Generator<Uint8Array> {
  // One statement, and so one state: records move from one table to the other.
  const rows = db
    .prepare(
      `SELECT 0 AS is_packed, record AS bytes FROM ledger_intake
       UNION ALL SELECT 0, record FROM ledger_leaves UNION ALL SELECT 1, packed FROM ledger_bundles`,
    )
    .iterate()
  for (const { bytes, is_packed } of rows) {
    if (!(bytes instanceof Uint8Array)) continue
    if (is_packed === 1) yield* readBundle(gunzipSync(bytes), 256) ?? []
    else yield RECORDS.restore(bytes)
  }
}
