import type { Insertable, Selectable } from 'kysely'
import type { IssuingSettings, PepSettings } from '../../clients/index.ts'
import type { PublicJwk } from '../../jose/index.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { Id } from '../../lib/id.ts'
import type { Reader, Schema, Step, Tx } from '../../storage/index.ts'
import type { Pep, PepCredential } from './pep.ts'

/** False: the name is taken, perhaps by one that was revoked. */
export async function insertPep(tx: Tx, pep: Pep): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('peps')
    .values({
      name: pep.name,
      ...columnsOf(pep),
      created_by: pep.createdBy,
      created_at: pep.createdAt,
      last_used_at: pep.lastUsedAt,
      revoked_at: pep.revokedAt,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function selectPep(reader: Reader, name: string): Promise<Pep | undefined> {
  const row = await reader
    .selectFrom('peps')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst()
  return row && pepOf(row)
}

/** Selects the enforcement points by name; revoked ones too. */
export async function selectPeps(reader: Reader): Promise<readonly Pep[]> {
  const rows = await reader.selectFrom('peps').selectAll().orderBy('name').limit(1_000).execute()
  return rows.map(pepOf)
}

/** False: there is none of that name in use. */
export async function updatePep(
  tx: Tx,
  name: string,
  change: { readonly settings: PepSettings } | { readonly revokedAt: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('peps')
    .set('settings' in change ? columnsOf(change.settings) : { revoked_at: change.revokedAt })
    .where('name', '=', name)
    .where('revoked_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export function usedPepStep(reader: Reader, name: string, at: number): Step {
  return {
    name: 'pep used',
    query: reader.updateTable('peps').set({ last_used_at: at }).where('name', '=', name),
    rows: 'any',
  }
}

/** False: the key was registered before, by whomever. */
export async function insertCredential(tx: Tx, credential: PepCredential): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('pep_credentials')
    .values({
      id: credential.id,
      pep: credential.pep,
      kind: credential.kind,
      digest: credential.digest,
      jwk: credential.jwk === null ? null : canonicalJson(credential.jwk),
      kid: credential.kid,
      created_by: credential.createdBy,
      created_at: credential.createdAt,
      ended_at: credential.endedAt,
    })
    .onConflict((conflict) => conflict.column('digest').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** False: it has no such credential in use. */
export async function endCredential(
  tx: Tx,
  { pep, id, at }: { pep: string; id: string; at: number },
): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('pep_credentials')
    .set({ ended_at: at })
    .where('id', '=', id)
    .where('pep', '=', pep)
    .where('ended_at', 'is', null)
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

/** Selects a credential by its digest, also one that was ended. */
export async function selectCredential(
  reader: Reader,
  digest: string,
): Promise<PepCredential | undefined> {
  const row = await reader
    .selectFrom('pep_credentials')
    .selectAll()
    .where('digest', '=', digest)
    .executeTakeFirst()
  return row && credentialOf(row)
}

/** Selects the credentials of an enforcement point, oldest first; ended ones too. */
export async function selectCredentials(
  reader: Reader,
  pep: string,
): Promise<readonly PepCredential[]> {
  const rows = await reader
    .selectFrom('pep_credentials')
    .selectAll()
    .where('pep', '=', pep)
    .orderBy('created_at')
    .orderBy('id')
    .execute()
  return rows.map(credentialOf)
}

function columnsOf(settings: PepSettings) {
  const { issuing, mode, namesTasks, policySet, properties, resources, takes } = settings
  return {
    mode,
    issuing: issuing === null ? null : canonicalJson(jsonOf(issuing)),
    policy_set: policySet,
    resources: resources === null ? null : canonicalJson([...resources]),
    properties: flag(properties),
    names_tasks: flag(namesTasks),
    takes: flag(takes),
  } satisfies Partial<Insertable<Schema['peps']>>
}

function jsonOf({ audiences, issuer, parties }: IssuingSettings) {
  return {
    issuer,
    parties: parties.map(({ agent, id, type }) => ({ agent, id, type })),
    audiences: audiences.map(({ id, resources }) => ({ id, resources: [...resources] })),
  }
}

function flag(value: boolean): 0 | 1 {
  return value ? 1 : 0
}

function pepOf(row: Selectable<Schema['peps']>): Pep {
  return {
    name: row.name,
    mode: row.mode,
    issuing: row.issuing === null ? null : (JSON.parse(row.issuing) as IssuingSettings), // as: this store wrote it
    policySet: row.policy_set,
    resources: row.resources === null ? null : (JSON.parse(row.resources) as string[]), // as: this store wrote it
    properties: row.properties === 1,
    namesTasks: row.names_tasks === 1,
    takes: row.takes === 1,
    createdBy: row.created_by,
    createdAt: row.created_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
  }
}

function credentialOf(row: Selectable<Schema['pep_credentials']>): PepCredential {
  return {
    id: row.id as Id<'pep_credential'>, // every id in this table was made by newId('pep_credential')
    pep: row.pep,
    kind: row.kind,
    digest: row.digest,
    jwk: row.jwk === null ? null : (JSON.parse(row.jwk) as PublicJwk), // as: this store wrote it
    kid: row.kid,
    createdBy: row.created_by,
    createdAt: row.created_at,
    endedAt: row.ended_at,
  }
}
