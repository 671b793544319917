import { type Detail, type DetailType, parseDetails } from '@remit/engine'
import { type SqlBool, sql } from 'kysely'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import type { Agent, AgentClient } from './agent.ts'

const AGENTS = codec('agents').of<Omit<Agent, 'clients'>>({
  read: {
    ceiling: ({ ceiling }) => details(ceiling, 'remit_call'),
    mayDelegate: ({ may_delegate: text }) =>
      text === null ? null : details(text, 'remit_delegate'),
    certification: ({ recertify_by: until, recertify_days: days }) =>
      until === null || days === null ? null : { days, until },
  },
  write: {
    ceiling: ({ ceiling }) => canonicalJson(ceiling),
    may_delegate: ({ mayDelegate }) => mayDelegate && canonicalJson(mayDelegate),
    recertify_days: ({ certification }) => certification?.days ?? null,
    recertify_by: ({ certification }) => certification?.until ?? null,
  },
})

/** The agent, whatever its status, with its clients; `undefined` when there is none. */
export async function findAgent(reader: Reader, id: string): Promise<Agent | undefined> {
  return (await gather(reader, await agents(reader).where('id', '=', id).execute()))[0]
}

/** Up to `limit` agents by name, optionally of one owner, starting behind `after`. */
export async function listAgents(
  reader: Reader,
  page: { limit: number; ownerId?: string; after?: string },
): Promise<Agent[]> {
  let query = agents(reader).orderBy('id').limit(page.limit)
  if (page.ownerId !== undefined) query = query.where('owner_id', '=', page.ownerId)
  if (page.after !== undefined) query = query.where('id', '>', page.after)
  return gather(reader, await query.execute())
}

/** Position behind which a page of due agents begins. */
export interface DuePosition {
  readonly by: number
  readonly id: string
}

/** Active agents whose recertification was due by then, those that were due first before the others. */
export async function listDue(
  reader: Reader,
  page: { readonly by: number; readonly after: DuePosition | undefined; readonly limit: number },
): Promise<DuePosition[]> {
  const { after } = page
  let query = reader
    .selectFrom('agents')
    .select(['id', 'recertify_by'])
    // As the index has it: written out, or it could not be used.
    .where(sql<SqlBool>`status = 'active'`)
    .where('recertify_by', '<=', page.by)
  if (after)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('recertify_by', 'id'), '>', tuple(after.by, after.id)),
    )
  const rows = await query.orderBy('recertify_by').orderBy('id').limit(page.limit).execute()
  return rows.map(({ id, recertify_by }) => ({ id, by: recertify_by ?? page.by }))
}

/** Agents that carry a date and are not retired, those that are or were due first before the others. */
export async function listDated(
  reader: Reader,
  page: { readonly limit: number; readonly after?: DuePosition },
): Promise<Agent[]> {
  const { after, limit } = page
  let query = agents(reader)
    // As the index has it: written out, or it could not be used.
    .where(sql<SqlBool>`status <> 'retired' AND recertify_by IS NOT NULL`)
    .orderBy('recertify_by')
    .orderBy('id')
    .limit(limit)
  if (after)
    query = query.where(({ eb, refTuple, tuple }) =>
      eb(refTuple('recertify_by', 'id'), '>', tuple(after.by, after.id)),
    )
  return gather(reader, await query.execute())
}

/**
 * Inserts an agent. False when the name was given to an agent before, also to one that is retired.
 * INVARIANT: no program is an agent and a machine client: both say who they are by the `iss` of what they sign.
 * @throws Problem `agent.exists` when the name is or was that of a machine client
 */
export async function insertAgent(tx: Tx, agent: Omit<Agent, 'clients'>): Promise<boolean> {
  const { id } = agent
  const client = tx.selectFrom('clients').select('id').where('id', '=', id)
  if (await client.executeTakeFirst())
    throw new Problem('agent.exists', `\`${id}\` is or was a machine client`)
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('agents')
    .values(AGENTS.write(agent))
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export type AgentChanges = Partial<
  Pick<
    Agent,
    | 'description'
    | 'ownerId'
    | 'trust'
    | 'ceiling'
    | 'mayDelegate'
    | 'notifyAt'
    | 'status'
    | 'certification'
    | 'suspendedFor'
    | 'resumedAt'
    | 'idleMinutes'
  >
>

export async function updateAgent(tx: Tx, id: string, changes: AgentChanges): Promise<void> {
  const { ceiling, certification, mayDelegate, ...others } = changes
  const { description, idleMinutes, notifyAt, ownerId, resumedAt, status, suspendedFor, trust } =
    others
  const shared = {
    description,
    idleMinutes,
    notifyAt,
    ownerId,
    resumedAt,
    status,
    suspendedFor,
    trust,
  }
  await tx
    .updateTable('agents')
    .set({
      ...AGENTS.change(shared),
      ...(ceiling === undefined ? {} : { ceiling: canonicalJson(ceiling) }),
      ...(mayDelegate === undefined
        ? {}
        : { may_delegate: mayDelegate && canonicalJson(mayDelegate) }),
      ...(certification === undefined
        ? {}
        : {
            recertify_days: certification?.days ?? null,
            recertify_by: certification?.until ?? null,
          }),
    })
    .where('id', '=', id)
    .execute()
}

/** False when the client is linked to an agent already. */
export async function insertAgentClient(
  tx: Tx,
  agentId: string,
  { issuer, clientId }: AgentClient,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('agent_clients')
    .values({ issuer, client_id: clientId, agent_id: agentId })
    .onConflict((conflict) => conflict.columns(['issuer', 'client_id']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function deleteClient(
  tx: Tx,
  agentId: string,
  { issuer, clientId }: AgentClient,
): Promise<void> {
  await tx
    .deleteFrom('agent_clients')
    .where('issuer', '=', issuer)
    .where('client_id', '=', clientId)
    .where('agent_id', '=', agentId)
    .execute()
}

/** Finds the agent whose client it is at that issuer. */
export async function findAgentOfClient(
  reader: Reader,
  { clientId, issuer }: AgentClient,
): Promise<string | undefined> {
  const row = await reader
    .selectFrom('agent_clients')
    .select('agent_id')
    .where('issuer', '=', issuer)
    .where('client_id', '=', clientId)
    .executeTakeFirst()
  return row?.agent_id
}

function agents(reader: Reader) {
  return reader.selectFrom('agents').selectAll()
}

type AgentRow = Awaited<ReturnType<ReturnType<typeof agents>['execute']>>[number]

async function gather(reader: Reader, rows: readonly AgentRow[]): Promise<Agent[]> {
  if (rows.length === 0) return []
  const ids = rows.map((row) => row.id)
  const links = await reader
    .selectFrom('agent_clients')
    .selectAll()
    .where('agent_id', 'in', ids)
    .orderBy('issuer')
    .orderBy('client_id')
    .execute()
  return rows.map((row) => ({
    ...AGENTS.read(row),
    clients: links
      .filter((link) => link.agent_id === row.id)
      .map((link) => ({ issuer: link.issuer, clientId: link.client_id })),
  }))
}

function details(text: string, type: DetailType): Detail[] {
  const parsed = parseDetails(JSON.parse(text), type)
  if (!parsed.ok) throw new Error(`a stored ceiling cannot be read: ${parsed.reason}`)
  return parsed.details
}
