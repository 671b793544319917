import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import type { AttributeClaims } from '../people/index.ts'
import type { IdentityProvider } from './identity-provider.ts'

export interface StoredProvider extends IdentityProvider {
  readonly sealedSecret: Uint8Array | undefined
}

const PROVIDERS = codec('identity_providers', 'sealed_secret').of<IdentityProvider>({
  read: {
    acrValues: ({ acr_values: values }) => values?.split(' ') ?? [],
    attributes: ({ attributes }) =>
      attributes === null ? {} : (JSON.parse(attributes) as AttributeClaims), // as: written below
    domains: ({ domains }) => domains?.split(' ') ?? [],
  },
  write: {
    acr_values: ({ acrValues }) => acrValues.join(' ') || null,
    attributes: ({ attributes }) =>
      Object.keys(attributes).length === 0 ? null : JSON.stringify(attributes),
    domains: ({ domains }) => domains.join(' ') || null,
  },
})

export async function selectProvider(
  reader: Reader,
  issuer: string,
): Promise<StoredProvider | undefined> {
  const row = await reader
    .selectFrom('identity_providers')
    .selectAll()
    .where('issuer', '=', issuer)
    .executeTakeFirst()
  return row && { ...PROVIDERS.read(row), sealedSecret: row.sealed_secret ?? undefined }
}

export async function selectProviders(reader: Reader): Promise<IdentityProvider[]> {
  const rows = await reader
    .selectFrom('identity_providers')
    .select(PROVIDERS.columns)
    .orderBy('name')
    .orderBy('issuer')
    .execute()
  return rows.map(PROVIDERS.read)
}

/** Adds the provider, or changes everything about it but its issuer and the day it came. */
export async function upsertProvider(tx: Tx, provider: StoredProvider): Promise<void> {
  const row = { ...PROVIDERS.write(provider), sealed_secret: provider.sealedSecret ?? null }
  const { created_at: _, issuer: __, ...changes } = row
  await tx
    .insertInto('identity_providers')
    .values(row)
    .onConflict((conflict) => conflict.column('issuer').doUpdateSet(changes))
    .execute()
}
