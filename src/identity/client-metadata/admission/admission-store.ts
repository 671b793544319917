import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import { codec, type Reader, type Tx } from '../../../platform/storage/index.ts'
import { readCeiling, readMayDelegate } from '../../agents/index.ts'
import type { AdmissionRule } from './admission-rule.ts'

const RULES = codec('admission_rules').of<AdmissionRule>({
  read: {
    ceiling: ({ ceiling }) => readCeiling(JSON.parse(ceiling)),
    mayDelegate: ({ may_delegate: text }) =>
      readMayDelegate(text === null ? null : JSON.parse(text)),
  },
  write: {
    ceiling: ({ ceiling }) => canonicalJson(ceiling),
    may_delegate: ({ mayDelegate }) => mayDelegate && canonicalJson(mayDelegate),
  },
})

/** False when there is a rule of that name. */
export async function insertRule(tx: Tx, rule: AdmissionRule): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('admission_rules')
    .values(RULES.write(rule))
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
  return row && RULES.read(row)
}

/** Every rule, in the order in which they are tried. */
export async function listAdmissionRules(db: Reader): Promise<AdmissionRule[]> {
  const rows = await db
    .selectFrom('admission_rules')
    .selectAll()
    .orderBy('created_at')
    .orderBy('name')
    .execute()
  return rows.map(RULES.read)
}
