import type { Selectable } from 'kysely'
import type { Reader, Schema, Step, Tx } from '../../platform/storage/index.ts'
import type { MachineClient } from './client.ts'
import type { ClientKind } from './kinds.ts'

/** False: the name is taken, perhaps by one that was removed. */
export async function insertClient(tx: Tx, client: MachineClient): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('clients')
    .values({
      id: client.id,
      kind: client.kind,
      target: targetOf(client),
      settings: JSON.stringify(client.settings),
      created_by: client.createdBy,
      created_at: client.createdAt,
      last_used_at: client.lastUsedAt,
      removed_at: client.removedAt,
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Finds a client, also one that was removed. */
export async function findClient(reader: Reader, id: string): Promise<MachineClient | undefined> {
  const row = await reader.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst()
  return row && clientOf(row)
}

/** Finds a client in use, and keeps others from changing it until the transaction ends. */
export async function lockClient(tx: Tx, id: string): Promise<MachineClient | undefined> {
  const row = await tx
    .updateTable('clients')
    .set({ removed_at: null })
    .where('id', '=', id)
    .where('removed_at', 'is', null)
    .returningAll()
    .executeTakeFirst()
  return row && clientOf(row)
}

export interface ClientQuery {
  readonly kind?: ClientKind | undefined
  /** Resource of an enforcer, or space of a surface. */
  readonly target?: string | undefined
  /** Id of the last one of the page before. */
  readonly after?: string | undefined
  readonly limit: number
}

/** Lists clients by name; removed ones too. */
export async function listClients(
  reader: Reader,
  { after, kind, limit, target }: ClientQuery,
): Promise<readonly MachineClient[]> {
  let query = reader.selectFrom('clients').selectAll()
  if (kind !== undefined) query = query.where('kind', '=', kind)
  if (target !== undefined) query = query.where('target', '=', target)
  if (after !== undefined) query = query.where('id', '>', after)
  return (await query.orderBy('id').limit(limit).execute()).map(clientOf)
}

/** Writes settings and the time of removal. */
export async function updateClient(tx: Tx, client: MachineClient): Promise<void> {
  await tx
    .updateTable('clients')
    .set({ settings: JSON.stringify(client.settings), removed_at: client.removedAt })
    .where('id', '=', client.id)
    .execute()
}

/** Never backwards: what another replica heard later stays. */
export function usedStep(reader: Reader, id: string, at: number): Step {
  return {
    name: 'client used',
    query: reader
      .updateTable('clients')
      .set({ last_used_at: at })
      .where('id', '=', id)
      .where(({ eb, or }) => or([eb('last_used_at', 'is', null), eb('last_used_at', '<', at)])),
    rows: 'any',
  }
}

function targetOf(client: MachineClient): string | null {
  if (client.kind === 'enforcer') return client.settings.resource
  return client.kind === 'surface' ? client.settings.space : null
}

function clientOf(row: Selectable<Schema['clients']>): MachineClient {
  return {
    id: row.id,
    kind: row.kind,
    settings: JSON.parse(row.settings),
    createdBy: row.created_by,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    removedAt: row.removed_at,
  } as MachineClient // this store wrote the settings of that kind
}
