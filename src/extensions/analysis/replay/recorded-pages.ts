import type { Reader } from '../../../platform/storage/index.ts'
import {
  CHALLENGE,
  type StoredDecision,
  type StoredInputs,
} from '../../../tasks/decision-log/index.ts'

/** A decision of the books, as far as replaying asks. */
export interface RecordedRow
  extends Pick<
      StoredDecision,
      'agentId' | 'resource' | 'action' | 'outcome' | 'reason' | 'callHash' | 'policyVersion' | 'at'
    >,
    StoredInputs {
  readonly id: string
}

/** Selection of decisions: those of a time, and of one agent or task where that is said. */
export interface DecisionSelection {
  /** Milliseconds, with both ends. */
  readonly since: number
  readonly until: number
  readonly agentId?: string | undefined
  readonly taskId?: string | undefined
}

export interface RecordedPage {
  readonly rows: readonly RecordedRow[]
  /** Settings that the rows name by digest and that no page had since `forget` was last said. */
  readonly settings: readonly (readonly [digest: string, value: string])[]
  /** Settings of earlier pages will not be named any more, or come again. */
  readonly forget: boolean
}

const ROWS = 500
/** Digests that are held at once. */
const MAX_SETTINGS = 2_000

/** Decisions in the order of time, a page at a time: a reader holds one page. */
export async function* recordedPages(
  db: Reader,
  which: DecisionSelection,
): AsyncGenerator<RecordedPage> {
  const sent = new Set<string>()
  let after: { readonly at: number; readonly id: string } | undefined
  for (;;) {
    const rows = await readRows(db, which, after)
    const last = rows.at(-1)
    if (!last) return
    after = { at: last.at, id: last.id }
    const forget = sent.size > MAX_SETTINGS
    if (forget) sent.clear()
    const named = rows.flatMap(({ setting }) => (setting === null ? [] : [setting]))
    const missing = [...new Set(named)].filter((digest) => !sent.has(digest))
    for (const digest of missing) sent.add(digest)
    yield { rows, settings: await readSettings(db, missing), forget }
    if (rows.length < ROWS) return
  }
}

async function readRows(
  db: Reader,
  { agentId, since, taskId, until }: DecisionSelection,
  after: { readonly at: number; readonly id: string } | undefined,
): Promise<readonly RecordedRow[]> {
  let query = db
    .selectFrom('decisions')
    .select([
      'id',
      'agent_id as agentId',
      'resource',
      'action',
      'outcome',
      'reason',
      'call_hash as callHash',
      'policy_version as policyVersion',
      'at',
      'inputs',
      'setting',
    ])
    .where('reason', '!=', CHALLENGE)
    // Of tokens only refusals are kept, which make no sum.
    .where((e) => e.or([e('action', 'is', null), e('action', 'not like', 'issue:%')]))
    .where('at', '>=', after?.at ?? since)
    .where('at', '<=', until)
  if (agentId !== undefined) query = query.where('agent_id', '=', agentId)
  if (taskId !== undefined) query = query.where('task_id', '=', taskId)
  if (after) {
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('at', 'id'), '>', tuple(after.at, after.id)),
    )
  }
  const rows = await query.orderBy('at').orderBy('id').limit(ROWS).execute()
  return rows as readonly RecordedRow[] // as: `outcome` is held to its words by a CHECK of the table
}

async function readSettings(
  db: Reader,
  digests: readonly string[],
): Promise<RecordedPage['settings']> {
  if (digests.length === 0) return []
  const rows = await db
    .selectFrom('decision_settings')
    .select(['digest', 'value'])
    .where('digest', 'in', digests)
    .execute()
  return rows.map(({ digest, value }) => [digest, value])
}
