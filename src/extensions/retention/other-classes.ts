import { ERASED } from '../../identity/ended-accounts/index.ts'
import { type ClassQuery, candidateIds, type KeptClass, pageOfRows } from './class.ts'

/** Notices of permitted calls. They say what the arguments were. */
export const notices: KeptClass = {
  page: async (db, { after, before, limit, personId }) => {
    let query = db
      .selectFrom('notices')
      .leftJoin('decisions', 'decisions.id', 'notices.decision_id')
      .select(({ ref }) => [
        'notices.id',
        'notices.person_id',
        'notices.agent_id',
        'notices.task_id',
        'notices.at',
        ref('decisions.resource').as('resource'),
      ])
      .where('notices.id', '>', after.id)
      .where('notices.at', '<', before)
    if (personId !== undefined) query = query.where('notices.person_id', '=', personId)
    const rows = await query.orderBy('notices.id').limit(limit).execute()
    return pageOfRows(rows, limit, (row) => ({
      cursor: { at: 0, id: row.id },
      id: row.id,
      about: [
        {
          people: [row.person_id],
          agents: [row.agent_id],
          tasks: [row.task_id],
          resources: row.resource === null ? 'any' : [row.resource],
          at: row.at,
        },
      ],
    }))
  },
  erase: async (tx, chosen) => {
    const { numDeletedRows } = await tx
      .deleteFrom('notices')
      .where('id', 'in', candidateIds(chosen))
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  },
}

/** Access requests that have ended, with their answers and all that came of them. */
export const requests: KeptClass = {
  page: async (db, query) => {
    const { limit } = query
    const rows = await endedRequests(db, query).execute()
    return pageOfRows(rows, limit, (row) => ({
      cursor: { at: 0, id: row.id },
      id: row.id,
      about: [
        {
          people: [row.person_id, row.requester_id],
          agents: [row.agent_id],
          tasks: [row.task_id],
          resources: [row.resource],
          at: row.created_at,
        },
      ],
    }))
  },
  erase: async (tx, chosen) => {
    const ids = candidateIds(chosen)
    for (const table of [
      'approval_answers',
      'asked_people',
      'evaluation_requests',
      'allowances',
      'break_glass',
    ] as const)
      await tx.deleteFrom(table).where('request_id', 'in', ids).execute()
    const { numDeletedRows } = await tx
      .deleteFrom('access_requests')
      .where('id', 'in', ids)
      .executeTakeFirstOrThrow()
    return Number(numDeletedRows)
  },
}

/** Selects requests that nothing rests on any more: no task, no allowance, and no review. */
function endedRequests(
  db: Parameters<KeptClass['page']>[0],
  { after, before, limit, personId }: ClassQuery,
) {
  const query = db
    .selectFrom('access_requests')
    .select(['id', 'task_id', 'person_id', 'requester_id', 'agent_id', 'resource', 'created_at'])
    .where('id', '>', after.id)
    .where('state', '<>', 'pending')
    .where('expires_at', '<', before)
    .where('deadline', '<', before)
    .where(({ eb, or }) => or([eb('usable_until', 'is', null), eb('usable_until', '<', before)]))
    .where(({ and, eb, exists, not, selectFrom }) =>
      and([
        not(
          exists(
            selectFrom('tasks')
              .select('tasks.id')
              .whereRef('tasks.id', '=', 'access_requests.task_id')
              .where('tasks.state', '<>', 'closed'),
          ),
        ),
        not(
          exists(
            selectFrom('allowances')
              .select('allowances.id')
              .whereRef('allowances.request_id', '=', 'access_requests.id')
              .where('allowances.expires_at', '>=', before),
          ),
        ),
        not(
          exists(
            selectFrom('break_glass')
              .select('break_glass.id')
              .whereRef('break_glass.request_id', '=', 'access_requests.id')
              .where('break_glass.reviewed_at', 'is', null),
          ),
        ),
        not(
          exists(
            selectFrom('evaluation_requests')
              .select('evaluation_requests.id')
              .whereRef('evaluation_requests.request_id', '=', 'access_requests.id')
              .where('evaluation_requests.expires_at', '>=', before),
          ),
        ),
        eb('created_at', '<', before),
      ]),
    )
    .orderBy('id')
    .limit(limit)
  return personId === undefined
    ? query
    : query.where(({ eb, or }) =>
        or([eb('person_id', '=', personId), eb('requester_id', '=', personId)]),
      )
}

/**
 * Tasks that are closed: purpose and details.
 * INVARIANT: the row stays, because it remembers the key, which is never accepted for a second task.
 */
export const tasks: KeptClass = {
  page: async (db, { after, before, limit, personId }) => {
    let query = db
      .selectFrom('tasks')
      .select(['id', 'root_id', 'person_id', 'agent_id', 'opened_at'])
      .where('id', '>', after.id)
      .where('state', '=', 'closed')
      .where('closed_at', '<', before)
      .where('purpose', '<>', ERASED)
    if (personId !== undefined) query = query.where('person_id', '=', personId)
    const rows = await query.orderBy('id').limit(limit).execute()
    return pageOfRows(rows, limit, (row) => ({
      cursor: { at: 0, id: row.id },
      id: row.id,
      about: [
        {
          people: [row.person_id],
          agents: [row.agent_id],
          tasks: [row.id, row.root_id],
          resources: 'any',
          at: row.opened_at,
        },
      ],
    }))
  },
  erase: async (tx, chosen) => {
    const { numUpdatedRows } = await tx
      .updateTable('tasks')
      .set({ purpose: ERASED, details: '[]', may_delegate: '[]' })
      .where('id', 'in', candidateIds(chosen))
      .where('state', '=', 'closed')
      .executeTakeFirstOrThrow()
    return Number(numUpdatedRows)
  },
}
