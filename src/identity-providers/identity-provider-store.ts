import type { Selectable } from 'kysely'
import type { AttributeClaims } from '../people/index.ts'
import type { Reader, Schema, Tx } from '../storage/index.ts'
import type { IdentityProvider } from './identity-provider.ts'

export interface StoredProvider extends IdentityProvider {
  readonly sealedSecret: Uint8Array | undefined
}

export async function selectProvider(
  reader: Reader,
  issuer: string,
): Promise<StoredProvider | undefined> {
  const row = await reader
    .selectFrom('identity_providers')
    .selectAll()
    .where('issuer', '=', issuer)
    .executeTakeFirst()
  return (
    row && {
      ...providerOf(row),
      sealedSecret: row.sealed_secret ?? undefined,
    }
  )
}

export async function selectProviders(reader: Reader): Promise<IdentityProvider[]> {
  const rows = await reader
    .selectFrom('identity_providers')
    .select([
      ...(['issuer', 'name', 'client_id', 'groups_claim', 'closes_tasks'] as const),
      ...(['acr_values', 'attributes', 'domains', 'created_at'] as const),
    ])
    .orderBy('name')
    .orderBy('issuer')
    .execute()
  return rows.map(providerOf)
}

function providerOf(row: Omit<Selectable<Schema['identity_providers']>, 'sealed_secret'>) {
  return {
    issuer: row.issuer,
    name: row.name,
    clientId: row.client_id,
    groupsClaim: row.groups_claim,
    closesTasks: row.closes_tasks === 1,
    acrValues: row.acr_values?.split(' ') ?? [],
    attributes: row.attributes === null ? {} : (JSON.parse(row.attributes) as AttributeClaims), // written by upsertProvider
    domains: row.domains?.split(' ') ?? [],
    createdAt: row.created_at,
  }
}

/** Adds the provider, or changes everything about it but its issuer and the day it came. */
export async function upsertProvider(tx: Tx, provider: StoredProvider): Promise<void> {
  const changes = {
    name: provider.name,
    client_id: provider.clientId,
    sealed_secret: provider.sealedSecret ?? null,
    groups_claim: provider.groupsClaim,
    closes_tasks: provider.closesTasks ? 1 : 0,
    acr_values: provider.acrValues.length === 0 ? null : provider.acrValues.join(' '),
    attributes:
      Object.keys(provider.attributes).length === 0 ? null : JSON.stringify(provider.attributes),
    domains: provider.domains.length === 0 ? null : provider.domains.join(' '),
  }
  await tx
    .insertInto('identity_providers')
    .values({ issuer: provider.issuer, created_at: provider.createdAt, ...changes })
    .onConflict((conflict) => conflict.column('issuer').doUpdateSet(changes))
    .execute()
}
