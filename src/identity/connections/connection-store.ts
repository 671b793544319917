import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import type { Connection } from './connection.ts'

const CONNECTIONS = codec('connections', 'sealed').of<Connection>()

export type SealedConnection = Connection & { readonly sealed: Uint8Array }

export async function selectConnections(reader: Reader): Promise<readonly Connection[]> {
  const rows = await reader
    .selectFrom('connections')
    .select(CONNECTIONS.columns)
    .orderBy('name')
    .execute()
  return rows.map(CONNECTIONS.read)
}

export async function selectConnection(
  reader: Reader,
  name: string,
): Promise<Connection | undefined> {
  const row = await reader
    .selectFrom('connections')
    .select(CONNECTIONS.columns)
    .where('name', '=', name)
    .executeTakeFirst()
  return row && CONNECTIONS.read(row)
}

/** Selects the connections of whose credentials it is known when they expire. */
export async function selectExpiring(
  reader: Reader,
): Promise<readonly { readonly name: string; readonly expiresAt: number }[]> {
  return reader
    .selectFrom('connections')
    .select('name')
    .select(({ ref }) => ref('expires_at').$notNull().as('expiresAt'))
    .where('expires_at', 'is not', null)
    .orderBy('name')
    .execute()
}

export async function selectSealed(
  reader: Reader,
  name: string,
): Promise<SealedConnection | undefined> {
  const row = await reader
    .selectFrom('connections')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst()
  return row && { ...CONNECTIONS.read(row), sealed: row.sealed }
}

/** `false` when the name is taken. */
export async function insertConnection(tx: Tx, connection: SealedConnection): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('connections')
    .values({ ...CONNECTIONS.write(connection), sealed: connection.sealed })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** `false` when there is no such connection. */
export async function replaceSealed(
  tx: Tx,
  { expiresAt, name, replacedAt, sealed }: SealedConnection,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('connections')
    .set({ sealed, ...CONNECTIONS.change({ expiresAt, replacedAt }) })
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** `false` when there is no such connection. */
export async function updateExpiry(
  tx: Tx,
  name: string,
  expiresAt: number | null,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('connections')
    .set(CONNECTIONS.change({ expiresAt }))
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function deleteConnection(tx: Tx, name: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('connections')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}
