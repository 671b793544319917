import type { Reader, Tx } from '../../storage/index.ts'

/** Reads the kept keys, sealed, by purpose. */
export async function readLastingKeys(reader: Reader): Promise<ReadonlyMap<string, Uint8Array>> {
  const rows = await reader.selectFrom('lasting_keys').select(['purpose', 'sealed']).execute()
  return new Map(rows.map(({ purpose, sealed }) => [purpose, sealed]))
}

/** Adds a key, unless there is one for its purpose. */
export async function addLastingKey(
  tx: Tx,
  key: { readonly purpose: string; readonly sealed: Uint8Array; readonly at: number },
): Promise<void> {
  await tx
    .insertInto('lasting_keys')
    .values({ purpose: key.purpose, sealed: key.sealed, created_at: key.at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
