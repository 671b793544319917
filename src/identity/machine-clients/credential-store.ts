import { codec, type Reader, type Step, type Tx } from '../../platform/storage/index.ts'
import type { ClientCredential } from './client.ts'

const CREDENTIALS = codec('client_credentials').of<ClientCredential>({
  read: { client: (row) => row.client_id },
  write: { client_id: ({ client }) => client },
})

/** False: the key was registered before, for this client or another. */
export async function insertCredential(tx: Tx, credential: ClientCredential): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('client_credentials')
    .values(CREDENTIALS.write(credential))
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Ends a credential at that time. INVARIANT: an end only comes nearer, so what has ended stays ended. */
export async function endAt(tx: Tx, id: string, at: number): Promise<void> {
  await tx
    .updateTable('client_credentials')
    .set({ ends_at: at })
    .where('id', '=', id)
    .where(({ eb, or }) => or([eb('ends_at', 'is', null), eb('ends_at', '>', at)]))
    .execute()
}

/** Finds a credential by its digest, also one that has ended. */
export async function findCredential(
  reader: Reader,
  digest: string,
): Promise<ClientCredential | undefined> {
  const row = await reader
    .selectFrom('client_credentials')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && CREDENTIALS.read(row)
}

/** Lists the credentials of a client, oldest first; ended ones too. */
export async function listCredentials(
  reader: Reader,
  client: string,
): Promise<readonly ClientCredential[]> {
  const rows = await reader
    .selectFrom('client_credentials')
    .selectAll()
    .where('client_id', '=', client)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(CREDENTIALS.read)
}

export function credentialUsedStep(reader: Reader, id: string, at: number): Step {
  return {
    name: 'client credential used',
    query: reader.updateTable('client_credentials').set({ last_used_at: at }).where('id', '=', id),
    rows: 'any',
  }
}
