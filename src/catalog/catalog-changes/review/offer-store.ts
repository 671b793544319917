import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { mapInSteps } from '../../../platform/lib/in-steps.ts'
import { codec, type Reader, type Schema, type Tx } from '../../../platform/storage/index.ts'
import type { Action } from '../../catalog/index.ts'
import type { Offer } from './offer.ts'

const OFFERS = codec('offered_definitions').of<Offer>({
  read: {
    offered: ({ definition }) =>
      definition === null ? undefined : (JSON.parse(definition) as Action), // as: written below
    unreadable: (row) => row.unreadable ?? undefined,
    by: (row) => row.offered_by,
  },
  write: {
    definition: ({ offered }) => (offered ? canonicalJson(plainAction(offered)) : null),
    unreadable: ({ offered, unreadable }) => (offered ? null : (unreadable ?? 'it cannot be read')),
    offered_by: ({ by }) => by,
  },
})

/** Selects the offers of one resource, or all there are; ordered by action. */
export async function selectOffers(reader: Reader, resource?: string): Promise<readonly Offer[]> {
  let query = reader.selectFrom('offered_definitions').selectAll().orderBy('action')
  if (resource !== undefined) query = query.where('resource', '=', resource)
  return mapInSteps(await query.execute(), OFFERS.read)
}

/** Counts the offers that wait for an administrator's word. */
export async function countWaitingOffers(reader: Reader): Promise<number> {
  const { waiting } = await reader
    .selectFrom('offered_definitions')
    .select((count) => count.fn.countAll().as('waiting'))
    .where('state', '=', 'waiting')
    .executeTakeFirstOrThrow()
  return Number(waiting)
}

/** An offer as its row. */
export type PreparedOffer = Schema['offered_definitions']

/** The rows of many offers, made before a transaction begins and in small steps, as `prepareActions`. */
export function prepareOffers(offers: readonly Offer[]): Promise<readonly PreparedOffer[]> {
  return mapInSteps(offers, OFFERS.write)
}

/**
 * Puts an offer beside the reviewed definition. One that is there already stays as it is, with the answer that it got.
 * `false`: nothing was written.
 */
export async function upsertOffer(tx: Tx, offer: Offer): Promise<boolean> {
  return (await upsert(tx, [OFFERS.write(offer)])) === 1n
}

/** Writes many offers, each of another action. */
export async function upsertOffers(tx: Tx, offers: readonly PreparedOffer[]): Promise<void> {
  for (let i = 0; i < offers.length; i += ROWS) await upsert(tx, offers.slice(i, i + ROWS))
}

/** Rows in one statement. */
const ROWS = 100

async function upsert(tx: Tx, rows: readonly PreparedOffer[]): Promise<bigint> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('offered_definitions')
    .values(rows)
    .onConflict((conflict) =>
      conflict
        .column('action')
        .doUpdateSet((given) => ({
          kind: given.ref('excluded.kind'),
          state: given.ref('excluded.state'),
          definition: given.ref('excluded.definition'),
          unreadable: given.ref('excluded.unreadable'),
          digest: given.ref('excluded.digest'),
          source: given.ref('excluded.source'),
          offered_at: given.ref('excluded.offered_at'),
          offered_by: given.ref('excluded.offered_by'),
        }))
        .where((where) =>
          where.or([
            where('offered_definitions.digest', '!=', where.ref('excluded.digest')),
            where('offered_definitions.kind', '!=', where.ref('excluded.kind')),
          ]),
        ),
    )
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows ?? 0n
}

export async function deleteOffers(tx: Tx, actions: readonly string[]): Promise<void> {
  for (let i = 0; i < actions.length; i += CHUNK) {
    await tx
      .deleteFrom('offered_definitions')
      .where('action', 'in', actions.slice(i, i + CHUNK))
      .execute()
  }
}

const CHUNK = 500

export async function deleteOffersOf(tx: Tx, resource: string): Promise<void> {
  await tx.deleteFrom('offered_definitions').where('resource', '=', resource).execute()
}

/** Takes away exactly the offer that was looked at; `false` when it is another one by now. */
export async function takeOffer(
  tx: Tx,
  { action, digest }: Pick<Offer, 'action' | 'digest'>,
): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('offered_definitions')
    .where('action', '=', action)
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

/** `false` when it is another one by now. */
export async function markRejected(
  tx: Tx,
  { action, digest }: Pick<Offer, 'action' | 'digest'>,
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('offered_definitions')
    .set({ state: 'rejected' })
    .where('action', '=', action)
    .where('digest', '=', digest)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Strips an action to its plan, as if it had not been reviewed. */
function plainAction({ accepted, definition, quarantined, ...action }: Action) {
  return definition === undefined ? action : { ...action, definition }
}
