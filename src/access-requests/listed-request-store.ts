import { type Selectable, sql } from 'kysely'
import type { Id } from '../lib/id.ts'
import type { Reader, Schema } from '../storage/index.ts'
import type { AccessRequest, RequestState } from './access-request.ts'
import { type ListedRequest, MAX_LISTED_TEXT } from './listed-request.ts'

const COLUMNS = [
  'id',
  'task_id',
  'person_id',
  'agent_id',
  'resource',
  'action',
  'call_hash',
  'policy_version',
  'risk',
  'decision_id',
  'state',
  'reason',
  'created_at',
  'expires_at',
  'uses_left',
  'used_by',
  'usable_until',
] as const

type Row = Pick<Selectable<Schema['access_requests']>, (typeof COLUMNS)[number]> & {
  readonly shortened: string
}

// One more than is shown tells whether there is more.
const SHORTENED = sql<string>`substr(text, 1, ${sql.lit(MAX_LISTED_TEXT + 1)})`.as('shortened')

/** Begins every statement that lists requests. */
export function selectListed(db: Reader) {
  return db.selectFrom('access_requests').select(COLUMNS).select(SHORTENED)
}

export function listedOf(row: Row): ListedRequest {
  const characters = [...row.shortened]
  return {
    id: row.id as Id<'request'>, // every id in this table was made by newId('request')
    taskId: row.task_id as Id<'task'>, // likewise, of its kind
    personId: row.person_id as Id<'person'>, // likewise
    agentId: row.agent_id,
    resource: row.resource,
    action: row.action,
    callHash: row.call_hash,
    policyVersion: row.policy_version,
    risk: row.risk as AccessRequest['risk'], // the column was written from a Risk
    decisionId: row.decision_id as Id<'decision'>, // likewise
    state: row.state as RequestState, // a CHECK of the table
    reason: row.reason,
    createdAt: row.created_at,
    expiresAt: row.expires_at,
    usesLeft: row.uses_left,
    usedBy: row.used_by as Id<'decision'> | null, // likewise
    usableUntil: row.usable_until,
    text:
      characters.length > MAX_LISTED_TEXT
        ? `${characters.slice(0, MAX_LISTED_TEXT).join('')}…`
        : row.shortened,
  }
}
