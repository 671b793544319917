import type { Selectable } from 'kysely'
import { readCeiling, readMayDelegate, type TrustLevel } from '../../agents/index.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { Reader, Schema, Tx } from '../../storage/index.ts'
import type { AdmissionMode, AdmissionRule, KeyChange } from './admission-rule.ts'

type Row = Selectable<Schema['admission_rules']>

/** False when there is a rule of that name. */
export async function insertRule(tx: Tx, rule: AdmissionRule): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('admission_rules')
    .values({
      name: rule.name,
      mode: rule.mode,
      redirect_hosts: canonicalJson(rule.redirectHosts),
      document_hosts: canonicalJson(rule.documentHosts),
      software_ids: canonicalJson(rule.softwareIds),
      key_change: rule.keyChange,
      trust: rule.trust,
      ceiling: canonicalJson(rule.ceiling),
      may_delegate: rule.mayDelegate && canonicalJson(rule.mayDelegate),
      owner_id: rule.ownerId,
      created_by: rule.createdBy,
      created_at: rule.createdAt,
    })
    .onConflict((conflict) => conflict.column('name').doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/** False when there was none. */
export async function deleteRule(tx: Tx, name: string): Promise<boolean> {
  const { numDeletedRows } = await tx
    .deleteFrom('admission_rules')
    .where('name', '=', name)
    .executeTakeFirstOrThrow()
  return numDeletedRows === 1n
}

export async function findRule(db: Reader, name: string): Promise<AdmissionRule | undefined> {
  const row = await db
    .selectFrom('admission_rules')
    .selectAll()
    .where('name', '=', name)
    .executeTakeFirst()
  return row && ruleOf(row)
}

/** Every rule, in the order in which they are tried. */
export async function listAdmissionRules(db: Reader): Promise<AdmissionRule[]> {
  const rows = await db
    .selectFrom('admission_rules')
    .selectAll()
    .orderBy('created_at')
    .orderBy('name')
    .execute()
  return rows.map(ruleOf)
}

function ruleOf(row: Row): AdmissionRule {
  return {
    name: row.name,
    mode: row.mode as AdmissionMode, // written by insertRule
    redirectHosts: JSON.parse(row.redirect_hosts) as string[], // written by insertRule
    documentHosts: JSON.parse(row.document_hosts) as string[], // written by insertRule
    softwareIds: JSON.parse(row.software_ids) as string[], // written by insertRule
    keyChange: row.key_change as KeyChange, // a CHECK of the table
    trust: row.trust as TrustLevel, // a CHECK of the table
    ceiling: readCeiling(JSON.parse(row.ceiling)),
    mayDelegate: readMayDelegate(row.may_delegate === null ? null : JSON.parse(row.may_delegate)),
    ownerId: row.owner_id,
    createdBy: row.created_by,
    createdAt: row.created_at,
  }
}
