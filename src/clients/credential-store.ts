import type { Selectable } from 'kysely'
import type { PublicJwk } from '../jose/index.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Id } from '../lib/id.ts'
import type { Reader, Schema, Step, Tx } from '../storage/index.ts'
import type { ClientCredential } from './client.ts'

/** False: the key was registered before, by whomever. */
export async function insertCredential(tx: Tx, credential: ClientCredential): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('client_credentials')
    .values({
      id: credential.id,
      client_id: credential.client,
      kind: credential.kind,
      digest: credential.digest,
      jwk: credential.jwk === null ? null : canonicalJson(credential.jwk),
      kid: credential.kid,
      created_by: credential.createdBy,
      created_at: credential.createdAt,
      last_used_at: credential.lastUsedAt,
      ends_at: credential.endsAt,
    })
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
  return row && credentialOf(row)
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
  return rows.map(credentialOf)
}

export function credentialUsedStep(reader: Reader, id: string, at: number): Step {
  return {
    name: 'client credential used',
    query: reader.updateTable('client_credentials').set({ last_used_at: at }).where('id', '=', id),
    rows: 'any',
  }
}

function credentialOf(row: Selectable<Schema['client_credentials']>): ClientCredential {
  return {
    id: row.id as Id<'client_credential'>, // every id in this table was made by newId('client_credential')
    client: row.client_id,
    kind: row.kind,
    digest: row.digest,
    jwk: row.jwk === null ? null : (JSON.parse(row.jwk) as PublicJwk), // as: this store wrote it
    kid: row.kid,
    createdBy: row.created_by,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    endsAt: row.ends_at,
  }
}
