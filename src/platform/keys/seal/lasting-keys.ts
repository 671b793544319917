import type { Clock } from '../../lib/clock.ts'
import type { Reader, Storage, Tx } from '../../storage/index.ts'
import type { MasterKey } from './key-ring.ts'
import type { SealedColumn } from './sealed-column.ts'

/**
 * Purposes of keys whose results have to stay the same for ever: pseudonyms of people that APIs
 * keep, the digests by which an agent's earlier calls are compared, those by which people whose
 * account was erased are known again, and the key that browsers are subscribed to. So these keys outlive the master key that they were derived from.
 */
const LASTING = [
  'counterparties',
  'ended accounts',
  'obligation-hash',
  'pairwise subjects',
  'web push',
]

/**
 * Wraps the master key so that keys which another one derived before it stay in use. The first
 * start keeps what it derives, from the oldest key that is here; from then on the kept keys count.
 * @throws Problem `keys.cannot_open`
 */
export async function withLastingKeys(
  master: MasterKey,
  { clock, storage }: { readonly clock: Clock; readonly storage: Storage },
): Promise<MasterKey> {
  const known = await readLastingKeys(storage.read)
  const missing = LASTING.filter((purpose) => !known.has(purpose))
  const made = missing.map((purpose) => {
    const value = master.deriveEach(purpose).at(-1) ?? master.derive(purpose)
    return { purpose, sealed: master.seal(value, lastingKeyPlace(purpose)), at: clock.now() }
  })
  if (made.length > 0)
    await storage.transaction(async (tx) => {
      for (const key of made) await addLastingKey(tx, key)
    })
  // Of replicas that start at once, one was first: the stored key counts.
  const kept = missing.length === 0 ? known : await readLastingKeys(storage.read)
  const lasting = new Map(
    [...kept].map(([purpose, sealed]) => [
      purpose,
      new Uint8Array(master.open(sealed, lastingKeyPlace(purpose))),
    ]),
  )
  const find = (purpose: string) => lasting.get(purpose)
  return {
    ...master,
    derive: (purpose) => find(purpose) ?? master.derive(purpose),
    deriveEach: (purpose) => {
      const found = find(purpose)
      return found ? [found] : master.deriveEach(purpose)
    },
  }
}

export const LASTING_KEYS_SEALED: SealedColumn = {
  table: 'lasting_keys',
  column: 'sealed',
  key: 'purpose',
  associatedData: ({ purpose = '' }) => lastingKeyPlace(purpose),
}

function lastingKeyPlace(purpose: string): string {
  return `lasting_keys/${purpose}`
}

/** Reads the kept keys, sealed, by purpose. */
async function readLastingKeys(reader: Reader): Promise<ReadonlyMap<string, Uint8Array>> {
  const rows = await reader.selectFrom('lasting_keys').select(['purpose', 'sealed']).execute()
  return new Map(rows.map(({ purpose, sealed }) => [purpose, sealed]))
}

/** Adds a key, unless there is one for its purpose. */
async function addLastingKey(
  tx: Tx,
  key: { readonly purpose: string; readonly sealed: Uint8Array; readonly at: number },
): Promise<void> {
  await tx
    .insertInto('lasting_keys')
    .values({ purpose: key.purpose, sealed: key.sealed, created_at: key.at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
}
