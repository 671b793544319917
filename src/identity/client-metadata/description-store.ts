import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import { agentIdOf } from '../../platform/lib/client-url.ts'
import type { Reader, Tx } from '../../platform/storage/index.ts'
import { type Agent, findAgent } from '../agents/index.ts'
import { type Description, descriptionDigest, provingOf, softwareDigest } from './description.ts'
import type { AuthenticationSettings, SelfRegisteredClient } from './self-registered.ts'

const MAX_OF_SOFTWARE = 16

/** Finds the agent's description of itself; `undefined`: an administrator registered the agent. */
export async function findDescription(
  db: Reader,
  agentId: string,
): Promise<Description | undefined> {
  const row = await db
    .selectFrom('agent_descriptions')
    .selectAll()
    .where('agent_id', '=', agentId)
    .executeTakeFirst()
  if (!row) return undefined
  const proves: AuthenticationSettings = {
    methods: JSON.parse(row.methods) as AuthenticationSettings['methods'], // written by rowOf
    keys: JSON.parse(row.keys) as string[], // written by rowOf
    ...(row.jwks === null ? {} : { jwks: JSON.parse(row.jwks) as object[] }), // written by rowOf
    ...(row.jwks_uri === null ? {} : { jwksUri: row.jwks_uri }),
    ...(row.fapi2 === 1 ? { fapi2: true } : {}),
  }
  return {
    agentId,
    clientName: row.client_name,
    redirectUris: JSON.parse(row.redirect_uris) as string[], // written by rowOf
    proves,
    digest: row.digest,
    softwareDigest: row.software_digest,
    noticedAt: row.noticed_at,
    changedAt: row.changed_at,
  }
}

/** Agents of software that are not retired, the first that a person brought first. More than one: rules went in between. */
export async function agentsOfSoftware(db: Reader, digest: string): Promise<readonly Agent[]> {
  const rows = await db
    .selectFrom('agent_descriptions')
    .innerJoin('agents', 'agents.id', 'agent_descriptions.agent_id')
    .select('agents.id')
    .where('software_digest', '=', digest)
    .where('agents.status', '!=', 'retired')
    .orderBy('agents.created_at')
    .orderBy('agents.id')
    .limit(MAX_OF_SOFTWARE)
    .execute()
  const agents = await Promise.all(rows.map(({ id }) => findAgent(db, id)))
  return agents.filter((agent) => agent !== undefined)
}

/** False when it was described before. */
export async function insertDescription(
  tx: Tx,
  client: SelfRegisteredClient,
  at: number,
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('agent_descriptions')
    .values({ ...rowOf(client), noticed_at: at, changed_at: null })
    .onConflict((conflict) => conflict.doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** False when it is not any more as it was read: another request has written it down. */
export async function replaceDescription(
  tx: Tx,
  before: Description,
  client: SelfRegisteredClient,
  at: number,
): Promise<boolean> {
  const { agent_id: _, ...row } = rowOf(client)
  const { numUpdatedRows } = await tx
    .updateTable('agent_descriptions')
    .set({ ...row, noticed_at: at, changed_at: at })
    .where('agent_id', '=', before.agentId)
    .where('digest', '=', before.digest)
    .where('keys', '=', canonicalJson(before.proves.keys))
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}

export async function deleteDescription(tx: Tx, agentId: string): Promise<void> {
  await tx.deleteFrom('agent_descriptions').where('agent_id', '=', agentId).execute()
}

function rowOf(client: SelfRegisteredClient) {
  const { fapi2, jwks, jwksUri, keys, methods } = provingOf(client)
  return {
    agent_id: agentIdOf(client.clientId),
    client_name: client.clientName,
    redirect_uris: canonicalJson(client.redirectUris),
    methods: canonicalJson(methods),
    keys: canonicalJson(keys),
    jwks: jwks === undefined ? null : JSON.stringify(jwks),
    jwks_uri: jwksUri ?? null,
    fapi2: fapi2 ? 1 : 0,
    digest: descriptionDigest(client),
    software_digest: softwareDigest(client),
  }
}
