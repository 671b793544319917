import type { Id } from '../../platform/lib/id.ts'
import { codec, keptQuery, type Reader, type Step, type Tx } from '../../platform/storage/index.ts'
import { packExplanation, type StoredExplanation, unpackExplanation } from './packed-explanation.ts'
import { CHALLENGE } from './reasons.ts'
import type { StoredInputs } from './recorded-store.ts'

export type DecisionState =
  /** State of a decision after which nothing is sent. */
  | 'decided'
  /** Permitted: the intent is recorded, the outcome is not known yet. */
  | 'sending'
  | 'answered'
  | 'failed'
  /** Provably no byte was sent; approval and budget were returned. */
  | 'not_sent'
  /** Presumed: the replica that sent it is gone, or its API silent. Never repeated, and corrected when the outcome becomes known. */
  | 'indeterminate'

/** `challenged`: asked to prove its key with a nonce, which decides nothing. */
export type StoredOutcome = 'permit' | 'deny' | 'requestable' | 'challenged'

export interface StoredDecision {
  readonly id: Id<'decision'>
  readonly taskId: string | null
  readonly personId: string | null
  readonly agentId: string | null
  readonly resource: string | null
  readonly action: string | null
  readonly outcome: StoredOutcome
  readonly reason: string
  readonly callHash: string | null
  readonly policyVersion: number | null
  readonly requestId: string | null
  /** The allowance that lifted what stood in the way. */
  readonly allowanceId: string | null
  readonly explanation: StoredExplanation
  readonly state: DecisionState
  /** HTTP status that the upstream answered. */
  readonly status: number | null
  readonly replicaId: string
  readonly at: number
  readonly endedAt: number | null
  /** Time when it was called indeterminate, where a true outcome corrected that later. */
  readonly presumedAt: number | null
}

/** Without what decisions were made from: that is large, and few ask for it (`recorded-store.ts`). */
const DECISIONS = codec('decisions', 'inputs', 'setting').of<StoredDecision>({
  read: {
    outcome: ({ outcome, reason }) => (reason === CHALLENGE ? 'challenged' : outcome),
    explanation: ({ agent_id, explanation, person_id }) =>
      unpackExplanation(explanation, { agentId: agent_id, personId: person_id }),
  },
  write: {
    // The table knows three; which denials are challenges, their reason says.
    outcome: ({ outcome }) => (outcome === 'challenged' ? 'deny' : outcome),
    explanation: (decision) => packExplanation(decision.explanation, decision),
  },
})

export function insertDecisionQuery(
  db: Reader,
  decision: StoredDecision,
  from: StoredInputs = { inputs: null, setting: null },
): Step['query'] {
  const { inputs, setting } = from
  return keptQuery(db, 'decision', [...DECISIONS.values(decision), inputs, setting], () =>
    db.insertInto('decisions').values({ ...DECISIONS.write(decision), inputs, setting }),
  )
}

export async function findDecision(db: Reader, id: string): Promise<StoredDecision | undefined> {
  const row = await db
    .selectFrom('known_decisions')
    .select(DECISIONS.columns)
    .where('id', '=', id)
    .executeTakeFirst()
  return row && DECISIONS.read(row)
}

export interface DecisionFilter {
  readonly taskId?: string
  readonly personId?: string
  readonly agentId?: string
  readonly limit: number
  /** The last decision seen; newest come first. */
  readonly after?: { readonly at: number; readonly id: string }
}

export async function listDecisions(db: Reader, filter: DecisionFilter): Promise<StoredDecision[]> {
  const { taskId, personId, agentId, after } = filter
  let query = selectDecisions(db, listOf(filter)).select(DECISIONS.columns)
  if (taskId !== undefined) query = query.where('task_id', '=', taskId)
  if (personId !== undefined) query = query.where('person_id', '=', personId)
  if (agentId !== undefined) query = query.where('agent_id', '=', agentId)
  if (after) {
    query = query
      // By itself, too: the lists know the time, and not the id.
      .where('at', '<=', after.at)
      .where(({ eb, refTuple, tuple }) => eb(refTuple('at', 'id'), '<', tuple(after.at, after.id)))
  }
  const rows = await query.orderBy('at', 'desc').orderBy('id', 'desc').limit(filter.limit).execute()
  return rows.map(DECISIONS.read)
}

/** Names the shortest list that has them all. */
function listOf({
  agentId,
  personId,
  taskId,
}: Pick<DecisionFilter, 'agentId' | 'personId' | 'taskId'>): DecisionList {
  if (taskId !== undefined) return 'task'
  if (personId !== undefined) return 'person'
  return agentId === undefined ? 'all' : 'agent'
}

type DecisionList = 'agent' | 'all' | 'person' | 'task'

/**
 * Selects decisions by a list, in which they stand in the order of their times; those of one time do not stand in that of their ids.
 * Callers of the list of a task, person or agent add the condition that names it.
 */
export function selectDecisions(db: Reader, list: DecisionList) {
  return db.selectFrom(db.dynamic.table(`${list}_decisions` as const).as('d'))
}

/** Selects calls under way. Those that their server goes on with as MCP tasks are no replica's any more. */
function sendingNow(db: Reader) {
  return (
    db
      .selectFrom('decisions_open')
      // Looked up for each call that is under way. PostgreSQL would read the whole table for a join, or for NOT EXISTS.
      .where(
        ({ selectFrom }) =>
          selectFrom('mcp_tasks')
            .select(({ fn }) => fn.countAll<number>().as('count'))
            .whereRef('mcp_tasks.decision_id', '=', 'decisions_open.decision_id'),
        '=',
        0,
      )
  )
}

/** Replicas that have calls under way, as far as the books say. */
export async function sendingReplicas(db: Reader): Promise<string[]> {
  const rows = await sendingNow(db).select('replica_id').distinct().execute()
  return rows.map(({ replica_id }) => replica_id)
}

/** Tells whether a call of one of these tasks is on its way. */
export async function isSending(db: Reader, taskIds: readonly string[]): Promise<boolean> {
  if (taskIds.length === 0) return false
  const row = await db
    .selectFrom('decisions_open')
    .innerJoin('decisions', 'decisions.id', 'decisions_open.decision_id')
    .select('decisions.id')
    .where('task_id', 'in', taskIds)
    .limit(1)
    .executeTakeFirst()
  return row !== undefined
}

/** Calls that a replica was sending, some at a time. */
export async function sendingOf(tx: Tx, replicaId: string, count: number): Promise<string[]> {
  const rows = await sendingNow(tx)
    .select('decision_id as id')
    .where('replica_id', '=', replicaId)
    .limit(count)
    .execute()
  return rows.map(({ id }) => id)
}

/** Answers those of these calls that are being sent, as far as the books say. */
export async function sendingAmong(db: Reader, ids: readonly string[]): Promise<string[]> {
  const rows = await db
    .selectFrom('decisions_open')
    .select('decision_id as id')
    .where('decision_id', 'in', ids)
    .execute()
  return rows.map(({ id }) => id)
}

/** Calls that a replica is sending itself, as far as the books say, in the order of their ids. */
export async function callsInFlightOf(
  db: Reader,
  replicaId: string,
  { after, limit }: { readonly after: string; readonly limit: number },
): Promise<string[]> {
  const rows = await sendingNow(db)
    .leftJoin('resources', 'resources.name', 'decisions_open.resource')
    .select('decision_id as id')
    .where('replica_id', '=', replicaId)
    .where('decision_id', '>', after)
    // An API that asks by itself says later what became of its call (`lapse`).
    .where((eb) => eb.or([eb('resources.mode', 'is', null), eb('resources.mode', '!=', 'direct')]))
    .orderBy('decision_id')
    .limit(limit)
    .execute()
  return rows.map(({ id }) => id)
}

/** Calls to APIs that ask by themselves, permitted before `since` and without an outcome, some at a time. */
export async function unreported(db: Reader, since: number, count: number): Promise<string[]> {
  const rows = await db
    .selectFrom('decisions_open')
    .innerJoin('resources', 'resources.name', 'decisions_open.resource')
    .select('decision_id as id')
    .where('resources.mode', '=', 'direct')
    .where('decisions_open.at', '<', since)
    .limit(count)
    .execute()
  return rows.map(({ id }) => id)
}
