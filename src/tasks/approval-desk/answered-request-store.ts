import { sql } from 'kysely'
import type { AccessRequest } from '../../approvals/access-requests/index.ts'
import { codec, type Reader } from '../../platform/storage/index.ts'

/** Answered request, as far as it says what people agree to. */
export type AnsweredCall = Pick<
  AccessRequest,
  | 'action'
  | 'agentId'
  | 'answeredAt'
  | 'ask'
  | 'editedTo'
  | 'expiresAt'
  | 'inspected'
  | 'resource'
  | 'state'
>

const ANSWERED = codec(
  'access_requests',
  ...(['id', 'task_id', 'person_id', 'call_hash', 'call', 'text', 'template_digest'] as const),
  ...(['deadline', 'requester_id', 'sponsored', 'policy_version', 'risk', 'nonce'] as const),
  ...(['decision_id', 'reason', 'created_at', 'answer_hash', 'uses_left', 'used_by'] as const),
  ...(['usable_until', 'edited_from'] as const),
).of<AnsweredCall>()

/** Characters of the arguments of one call, beyond which it is no example. */
const MAX_INSPECTED = 4_096

/**
 * Requests that people approved or denied and that would have expired since, the newest first; of one agent where that is
 * said. Those with long arguments are left out.
 */
export async function answeredRequests(
  db: Reader,
  which: { readonly agentId?: string; readonly limit: number; readonly since: number },
): Promise<readonly AnsweredCall[]> {
  let query = db
    .selectFrom('access_requests')
    .select(ANSWERED.columns)
    .where('state', 'in', ['approved', 'denied'])
    .where('expires_at', '>', which.since)
    .where(sql<number>`length(coalesce(inspected, ''))`, '<=', MAX_INSPECTED)
  if (which.agentId !== undefined) query = query.where('agent_id', '=', which.agentId)
  const rows = await query.orderBy('expires_at', 'desc').limit(which.limit).execute()
  return rows.map(ANSWERED.read)
}
