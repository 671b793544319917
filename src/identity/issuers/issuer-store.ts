import type { Selectable } from 'kysely'
import type { SealedColumn } from '../../platform/keys/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { HOUR } from '../../platform/lib/time-units.ts'
import { codec, type Reader, type Schema, type Tx } from '../../platform/storage/index.ts'
import type { IssuerState, TrustedIssuer } from './trusted-issuer.ts'

/** With the secret that introspection is asked with, as it lies in the store. */
export interface StoredIssuer extends TrustedIssuer {
  readonly sealedSecret: Uint8Array | null
}

/** Without columns that are counted by themselves. */
const ISSUERS = codec('trusted_issuers', 'people_brought', 'hour_began', 'hour_people').of<
  Omit<StoredIssuer, 'brought'>
>({
  read: {
    tenant: ({ tenant_claim: claim, tenant_value: value }) =>
      claim === null || value === null ? null : { claim, value },
  },
  write: {
    tenant_claim: ({ tenant }) => tenant?.claim ?? null,
    tenant_value: ({ tenant }) => tenant?.value ?? null,
  },
})

/** False when there is, or was, one of that name, or one in force for the same issuer and tenant. */
export async function insertIssuer(tx: Tx, issuer: StoredIssuer): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('trusted_issuers')
    .values({ ...ISSUERS.write(issuer), people_brought: 0, hour_began: 0, hour_people: 0 })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** All there ever were, by name. */
export async function selectIssuers(db: Reader): Promise<StoredIssuer[]> {
  const rows = await db.selectFrom('trusted_issuers').selectAll().orderBy('name').execute()
  return rows.map(issuerOf)
}

export async function findIssuer(db: Reader, name: string): Promise<StoredIssuer | undefined> {
  const row = await db
    .selectFrom('trusted_issuers')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst()
  return row && issuerOf(row)
}

/** Lists issuers without their sealed secrets. */
export async function listIssuers(db: Reader): Promise<TrustedIssuer[]> {
  return (await selectIssuers(db)).map(withoutSecret)
}

export function withoutSecret({ sealedSecret: _, ...issuer }: StoredIssuer): TrustedIssuer {
  return issuer
}

/** Writes all that may change but its state and its counters. */
export async function updateIssuer(tx: Tx, issuer: StoredIssuer): Promise<void> {
  const { agents: _agents, name: _name, state: _state, ...changes } = ISSUERS.write(issuer)
  await tx.updateTable('trusted_issuers').set(changes).where('name', '=', issuer.name).execute()
}

export async function setIssuerState(tx: Tx, name: string, state: IssuerState): Promise<void> {
  await tx.updateTable('trusted_issuers').set({ state }).where('name', '=', name).execute()
}

/** Takes room for one more agent. False when there are as many as there may be. */
export async function takeRoom(tx: Tx, name: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('trusted_issuers')
    .set((eb) => ({ agents: eb('agents', '+', 1) }))
    .where('name', '=', name)
    .whereRef('agents', '<', 'most_agents')
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/**
 * Takes room for one more person, in all and in the hour that counts, which begins with the first of it.
 * @throws Problem `issuer.people_full`, `issuer.people_too_fast`
 */
export async function reserveProvisioning(tx: Tx, name: string, now: number): Promise<void> {
  const over = now - HOUR
  const { numUpdatedRows } = await tx
    .updateTable('trusted_issuers')
    .set((eb) => ({
      people_brought: eb('people_brought', '+', 1),
      hour_people: eb
        .case()
        .when('hour_began', '<=', over)
        .then(1)
        .else(eb('hour_people', '+', 1))
        .end(),
      hour_began: eb
        .case()
        .when('hour_began', '<=', over)
        .then(now)
        .else(eb.ref('hour_began'))
        .end(),
    }))
    .where('name', '=', name)
    .whereRef('people_brought', '<', 'most_people')
    .where((eb) =>
      eb.or([
        eb.and([eb('hour_began', '<=', over), eb('people_an_hour', '>', 0)]),
        eb('hour_people', '<', eb.ref('people_an_hour')),
      ]),
    )
    .executeTakeFirstOrThrow()
  if (numUpdatedRows === 1n) return
  const known = await findIssuer(tx, name)
  throw known && known.brought < known.mostPeople
    ? new Problem(
        'issuer.people_too_fast',
        `\`${name}\` has reached its hourly limit of new people`,
      )
    : new Problem('issuer.people_full', `\`${name}\` has reached its limit of new people`)
}

function issuerOf(row: Selectable<Schema['trusted_issuers']>): StoredIssuer {
  return { ...ISSUERS.read(row), brought: row.people_brought }
}

/** Associated data that the secret for introspection is sealed with. */
export function introspectionSecretPlace(name: string): string {
  return `trusted_issuers/${name}/secret`
}

export const ISSUERS_SEALED: readonly SealedColumn[] = [
  {
    table: 'trusted_issuers',
    column: 'sealed_secret',
    key: 'name',
    associatedData: ({ name = '' }) => introspectionSecretPlace(name),
  },
]
