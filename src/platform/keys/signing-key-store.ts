import { importPublicJwk } from '../jose/index.ts'
import { isId } from '../lib/id.ts'
import { Problem } from '../lib/problem.ts'
import { codec, type Reader, type Tx } from '../storage/index.ts'
import type { SealedColumn } from './seal/sealed-column.ts'
import { CUSTODIES, type StoredKey, signingKeyPlace } from './signing-key.ts'

export const SIGNING_KEYS_SEALED: SealedColumn = {
  table: 'signing_keys',
  column: 'sealed',
  key: 'kid',
  with: ['purpose'],
  associatedData: ({ kid = '', purpose = '' }) => signingKeyPlace(purpose, kid),
}

const KEYS = codec('signing_keys').of<StoredKey>()

/**
 * Reads all keys in the order in which they retire: of several, the first that is not retired yet
 * signs.
 */
export async function readSigningKeys(reader: Reader): Promise<StoredKey[]> {
  const rows = await reader.selectFrom('signing_keys').selectAll().orderBy('kid').execute()
  const keys = rows.map((row): StoredKey => {
    const { alg, kid, purpose } = row
    if (!isId('key', kid) || (purpose !== 'tokens' && purpose !== 'ledger')) throw strange(kid)
    if (alg !== 'ES256' && alg !== 'Ed25519') throw strange(kid)
    const { jwk } = importPublicJwk(JSON.parse(row.public_jwk))
    const publicJwk = { ...jwk, kid, alg, use: 'sig' } as const
    const { sealed, created_at: createdAt, retired_at: retiredAt } = row
    const custody = CUSTODIES.find((each) => each === row.custody)
    if (!custody) throw strange(kid)
    return { kid, purpose, alg, publicJwk, sealed, custody, createdAt, retiredAt }
  })
  const retirementOf = ({ retiredAt }: StoredKey) => retiredAt ?? Number.MAX_SAFE_INTEGER
  return keys.sort((a, b) => retirementOf(a) - retirementOf(b))
}

/** True when the database was in use before: its first start makes a key that signs. */
export async function hasSigningKeys({ read }: { readonly read: Reader }): Promise<boolean> {
  return (await read.selectFrom('signing_keys').select('kid').limit(1).execute()).length > 0
}

/** Stores a key unless its purpose has one in use: of replicas that start at once, one wins (`true`) and the others read. */
export async function addKeyIfNone(tx: Tx, key: StoredKey): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await insert(tx, key)
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** Puts a key in the place of the one in use, which goes on signing until `retiredAt`. */
export async function replaceKey(tx: Tx, key: StoredKey, retiredAt: number): Promise<void> {
  await tx
    .updateTable('signing_keys')
    .set({ retired_at: retiredAt })
    .where('purpose', '=', key.purpose)
    .where('retired_at', 'is', null)
    .execute()
  await insert(tx, key).execute()
}

/** Sets when a key retires; `null`: it stays in use. */
export async function retireAt(tx: Tx, kid: string, at: number | null): Promise<void> {
  await tx.updateTable('signing_keys').set({ retired_at: at }).where('kid', '=', kid).execute()
}

/** Deletes a key with its private half. `false`: it was gone. */
export async function deleteKey(tx: Tx, kid: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('signing_keys')
    .where('kid', '=', kid)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

function insert(tx: Tx, key: StoredKey) {
  return tx.insertInto('signing_keys').values(KEYS.write(key))
}

function strange(kid: string): Problem {
  return new Problem('keys.cannot_open', `${kid} is of a kind this build does not know`)
}
