import type { Detail } from '@remit/engine'
import type { Selectable } from 'kysely'
import type { TrustLevel } from '../agents/index.ts'
import type { Algorithm } from '../jose/index.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Reader, Schema, Tx } from '../storage/index.ts'
import type {
  AccessMapping,
  IdentityRule,
  IssuerState,
  IssuerUse,
  KeySource,
  PeerMapping,
  PeopleMapping,
  TrustedIssuer,
} from './trusted-issuer.ts'

type Whole = Selectable<Schema['trusted_issuers']>
/** Without what is counted by itself. */
type Row = Omit<Whole, 'people_brought' | 'hour_began' | 'hour_people'>

/** With the secret that introspection is asked with, as it lies in the store. */
export interface StoredIssuer extends TrustedIssuer {
  readonly sealedSecret: Uint8Array | null
}

/** False when there is, or was, one of that name, or one in force for the same issuer and tenant. */
export async function insertIssuer(tx: Tx, issuer: StoredIssuer): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('trusted_issuers')
    .values({ ...rowOf(issuer), people_brought: 0, hour_began: 0, hour_people: 0 })
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

/** Without what is sealed. */
export async function listIssuers(db: Reader): Promise<TrustedIssuer[]> {
  return (await selectIssuers(db)).map(withoutSecret)
}

export function withoutSecret({ sealedSecret: _, ...issuer }: StoredIssuer): TrustedIssuer {
  return issuer
}

/** Everything that may change but its state and what is counted. */
export async function updateIssuer(tx: Tx, issuer: StoredIssuer): Promise<void> {
  const { agents: _agents, name: _name, state: _state, ...changes } = rowOf(issuer)
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

const HOUR = 3_600_000

/** Takes room for one more person, in all and in the hour that counts, which begins with the first of it. */
export async function takePersonRoom(
  tx: Tx,
  name: string,
  now: number,
): Promise<'taken' | 'full' | 'too fast'> {
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
  if (numUpdatedRows === 1n) return 'taken'
  const known = await findIssuer(tx, name)
  return known && known.brought < known.mostPeople ? 'too fast' : 'full'
}

function rowOf(issuer: StoredIssuer): Row {
  return {
    name: issuer.name,
    kind: issuer.kind,
    issuer: issuer.issuer,
    tenant_claim: issuer.tenant?.claim ?? null,
    tenant_value: issuer.tenant?.value ?? null,
    subject_prefix: issuer.subjectPrefix,
    keys: canonicalJson(issuer.keys),
    algorithms: canonicalJson(issuer.algorithms),
    uses: canonicalJson(issuer.uses),
    audience: issuer.audience,
    rules: canonicalJson(issuer.rules),
    access: issuer.access && canonicalJson(issuer.access),
    people: issuer.people && canonicalJson(issuer.people),
    peer: issuer.peer && canonicalJson(issuer.peer),
    sealed_secret: issuer.sealedSecret,
    trust: issuer.trust,
    ceiling: issuer.ceiling && canonicalJson(issuer.ceiling),
    most_agents: issuer.mostAgents,
    most_people: issuer.mostPeople,
    people_an_hour: issuer.peopleAnHour,
    agents: issuer.agents,
    most_life_seconds: issuer.mostLifeSeconds,
    bearer: issuer.bearer ? 1 : 0,
    owner_id: issuer.ownerId,
    contact: issuer.contact,
    expires_at: issuer.expiresAt,
    state: issuer.state,
    created_by: issuer.createdBy,
    created_at: issuer.createdAt,
  }
}

/** What is JSON was written by `rowOf`, of what was read strictly. */
function issuerOf(row: Whole): StoredIssuer {
  const { tenant_claim: claim, tenant_value: value } = row
  return {
    name: row.name,
    kind: row.kind,
    issuer: row.issuer,
    tenant: claim === null || value === null ? null : { claim, value },
    subjectPrefix: row.subject_prefix,
    keys: JSON.parse(row.keys) as KeySource, // as above
    algorithms: JSON.parse(row.algorithms) as Algorithm[], // as above
    uses: JSON.parse(row.uses) as IssuerUse[], // as above
    audience: row.audience,
    rules: JSON.parse(row.rules) as IdentityRule[], // as above
    access: row.access === null ? null : (JSON.parse(row.access) as AccessMapping), // as above
    people: row.people === null ? null : (JSON.parse(row.people) as PeopleMapping), // as above
    peer: row.peer === null ? null : (JSON.parse(row.peer) as PeerMapping), // as above
    sealedSecret: row.sealed_secret,
    trust: row.trust as TrustLevel, // a CHECK of the table
    ceiling: row.ceiling === null ? null : (JSON.parse(row.ceiling) as Detail[]), // as above
    mostAgents: row.most_agents,
    mostPeople: row.most_people,
    peopleAnHour: row.people_an_hour,
    brought: row.people_brought,
    agents: row.agents,
    mostLifeSeconds: row.most_life_seconds,
    bearer: row.bearer === 1,
    ownerId: row.owner_id,
    contact: row.contact,
    expiresAt: row.expires_at,
    state: row.state,
    createdBy: row.created_by,
    createdAt: row.created_at,
  }
}
