import { type Expression, type ExpressionBuilder, type SqlBool, sql } from 'kysely'
import type { Reader, Schema } from '../../platform/storage/index.ts'
import type { ListedRequest } from './listed-request.ts'
import { listedOf, selectListedRequests } from './listed-request-store.ts'

/**
 * Position where a page begins or ends: requests are in order of time, and of id within a moment.
 */
export interface PagePosition {
  readonly createdAt: number
  readonly id: string
}

/** A part of a list, oldest first: behind `after`, or the last ones before `before`. */
export interface PageOfRequests {
  readonly count: number
  readonly after?: PagePosition | undefined
  readonly before?: PagePosition | undefined
}

/** Role in which a person's list is looked for: the names by which rules mean it. */
export interface RoleNames {
  readonly names: readonly string[]
  /** Id of who is away. */
  readonly standsInFor?: string
}

/** Person whose list it is, in each of their roles. */
export interface ApproverQuery {
  readonly roles: readonly RoleNames[]
  readonly personId: string
  readonly now: number
  readonly agentId?: string | undefined
}

type RowsOfAskedPeople = ExpressionBuilder<Schema, 'asked_people'>

/** Selects requests that wait and that this person may answer in this role. A request that bars stand-ins is not among those of a stand-in. */
function isOpenTo({ now, personId }: ApproverQuery, { standsInFor }: RoleNames) {
  const barred = standsInFor === undefined ? 'barred' : 'barred_stand_ins'
  return ({ and, eb }: RowsOfAskedPeople): Expression<SqlBool> =>
    and([
      eb('expires_at', '>', now),
      eb('asked_from', '<=', now),
      ...[personId, standsInFor ?? personId].map((id) => eb(barred, 'not like', `%${id}%`)),
    ])
}

/** Waiting requests in which a rule has one of these names, oldest first. */
export async function requestsAsking(
  db: Reader,
  who: ApproverQuery,
  page: PageOfRequests,
): Promise<ListedRequest[]> {
  const found = new Map<string, PagePosition & Pick<ListedRequest, 'standsInFor'>>()
  // One after the other: each is in order by itself. Their own role before those of others.
  for (const role of who.roles)
    for (const name of role.names)
      for (const place of await placesOf(db, name, { ...who, role }, page))
        if (!found.has(place.id)) found.set(place.id, { ...place, ...pickAbsent(role) })
  const places = [...found.values()].toSorted(oldestFirst)
  const ids = (page.before ? places.slice(-page.count) : places.slice(0, page.count)).map(
    ({ id }) => id,
  )
  if (ids.length === 0) return []
  const rows = await selectListedRequests(db).where('id', 'in', ids).execute()
  const listed = rows.map(listedOf).toSorted(oldestFirst)
  return listed.map((each) => ({ ...each, ...pickAbsent(found.get(each.id)) }))
}

function pickAbsent({ standsInFor }: Pick<ListedRequest, 'standsInFor'> = {}) {
  return standsInFor === undefined ? {} : { standsInFor }
}

async function placesOf(
  db: Reader,
  name: string,
  who: ApproverQuery & { readonly role: RoleNames },
  { after, before, count }: PageOfRequests,
): Promise<PagePosition[]> {
  let query = db
    .selectFrom('asked_people')
    .select(['created_at', 'request_id'])
    .where('name', '=', name)
    .where(isOpenTo(who, who.role))
  if (who.agentId !== undefined) query = query.where('agent_id', '=', who.agentId)
  const edge = before ?? after
  if (edge)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at', 'request_id'), before ? '<' : '>', tuple(edge.createdAt, edge.id)),
    )
  const direction = before ? 'desc' : 'asc'
  const rows = await query
    .orderBy('created_at', direction)
    .orderBy('request_id', direction)
    .limit(count)
    .execute()
  return rows.map(({ created_at, request_id }) => ({ createdAt: created_at, id: request_id }))
}

function oldestFirst(a: PagePosition, b: PagePosition): number {
  return a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)
}

/** Counts the requests of each agent that wait for a person, the fewest first. */
export async function countAsking(
  db: Reader,
  who: ApproverQuery,
): Promise<{ agentId: string; count: number }[]> {
  const rows = await db
    .selectFrom('asked_people')
    .select(['agent_id', ({ fn }) => fn.count('request_id').distinct().as('count')])
    .where((query) =>
      query.or(
        who.roles.map((role) =>
          query.and([query('name', 'in', role.names), isOpenTo(who, role)(query)]),
        ),
      ),
    )
    .groupBy('agent_id')
    .execute()
  return rows
    .map(({ agent_id, count }) => ({ agentId: agent_id, count: Number(count) }))
    .toSorted((a, b) => a.count - b.count || (a.agentId < b.agentId ? -1 : 1))
}

/**
 * Lists the requests that wait and were made on this person's behalf, oldest first. `except`:
 * requests that they may answer under one of these names.
 */
export async function requestsFor(
  db: Reader,
  whose: {
    readonly personId: string
    readonly now: number
    readonly except: readonly string[]
  },
  { after, before, count }: PageOfRequests,
): Promise<ListedRequest[]> {
  const { except, now, personId } = whose
  let query = selectListedRequests(db)
    .where('person_id', '=', personId)
    .where('state', '=', 'pending')
    // As a sum, so that the index of what expires is not taken for the better one: its order is another.
    .where(sql<number>`expires_at + 0`, '>', now)
  if (except.length > 0)
    query = query.where(({ exists, not, selectFrom }) =>
      not(
        exists(
          selectFrom('asked_people')
            .select('asked_people.name')
            .whereRef('asked_people.request_id', '=', 'access_requests.id')
            .where('asked_people.name', 'in', except)
            .where('asked_people.asked_from', '<=', now)
            .where('asked_people.barred', 'not like', `%${personId}%`),
        ),
      ),
    )
  const edge = before ?? after
  if (edge)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('created_at', 'id'), before ? '<' : '>', tuple(edge.createdAt, edge.id)),
    )
  const direction = before ? 'desc' : 'asc'
  const rows = await query
    .orderBy('created_at', direction)
    .orderBy('id', direction)
    .limit(count)
    .execute()
  return rows.map(listedOf).toSorted(oldestFirst)
}

/** Newest first, at most 200. */
export async function requestsOfTask(db: Reader, taskId: string): Promise<ListedRequest[]> {
  const rows = await selectListedRequests(db)
    .where('task_id', '=', taskId)
    .orderBy('created_at', 'desc')
    .limit(200)
    .execute()
  return rows.map(listedOf)
}

export async function pagePosition(db: Reader, id: string): Promise<PagePosition | undefined> {
  const row = await db
    .selectFrom('access_requests')
    .select(['created_at', 'id'])
    .where('id', '=', id)
    .executeTakeFirst()
  return row && { createdAt: row.created_at, id: row.id }
}

export async function pendingPast(
  db: Reader,
  now: number,
  count: number,
): Promise<ListedRequest[]> {
  const rows = await selectListedRequests(db)
    .where('state', '=', 'pending')
    .where('expires_at', '<=', now)
    .orderBy('expires_at')
    .limit(count)
    .execute()
  return rows.map(listedOf)
}

/** Requests of everybody that wait, those that end first before the others; behind the one with this id. */
export async function waitingRequests(
  db: Reader,
  {
    after,
    limit,
    now,
  }: { readonly after?: string | undefined; readonly limit: number; readonly now: number },
): Promise<ListedRequest[]> {
  let query = selectListedRequests(db).where('state', '=', 'pending').where('expires_at', '>', now)
  const edge =
    after !== undefined &&
    (await db
      .selectFrom('access_requests')
      .select(['expires_at', 'id'])
      .where('id', '=', after)
      .executeTakeFirst())
  if (edge)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('expires_at', 'id'), '>', tuple(edge.expires_at, edge.id)),
    )
  const rows = await query.orderBy('expires_at').orderBy('id').limit(limit).execute()
  return rows.map(listedOf)
}

/** Lists what waits for people, or was approved and not used. */
export async function openRequests(db: Reader, count: number): Promise<ListedRequest[]> {
  const rows = await selectListedRequests(db)
    .where((where) =>
      where.or([
        where('state', '=', 'pending'),
        where.and([where('state', '=', 'approved'), where('uses_left', '>', 0)]),
      ]),
    )
    .limit(count)
    .execute()
  return rows.map(listedOf)
}

/** Requests of these tasks that still wait, or that could still be used. */
export async function openRequestsOf(
  db: Reader,
  taskIds: readonly string[],
): Promise<ListedRequest[]> {
  if (taskIds.length === 0) return []
  const rows = await selectListedRequests(db)
    .where('task_id', 'in', taskIds)
    .where((where) =>
      where.or([
        where('state', '=', 'pending'),
        where.and([where('state', '=', 'approved'), where('uses_left', '>', 0)]),
      ]),
    )
    .execute()
  return rows.map(listedOf)
}
