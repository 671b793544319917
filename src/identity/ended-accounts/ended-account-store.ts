import type { Reader, Tx } from '../../platform/storage/index.ts'

export async function hasSubject(db: Reader, issuer: string, subject: string): Promise<boolean> {
  const row = await db
    .selectFrom('persons')
    .select('id')
    .where('issuer', '=', issuer)
    .where('subject', '=', subject)
    .executeTakeFirst()
  return row !== undefined
}

/** Tables whose rows belong to one person alone. */
const BELONGINGS = [
  'memberships',
  'sessions',
  'cli_codes',
  'confirmations',
  'passkeys',
  'passkey_recoveries',
  'channel_choices',
  'quiet_hours',
] as const

/**
 * Every table of the centre with a column `person_id`, and what an erased account leaves in it. `words`: ids, without texts by the person or
 * for them. `ids`: it has no such words, or they go with the request, the task or the decision.
 */
export const LEFT_BEHIND: Readonly<Record<string, 'nothing' | 'ids' | 'words'>> = {
  ...Object.fromEntries(BELONGINGS.map((table) => [table, 'nothing' as const])),
  on_call: 'nothing',
  bases: 'words',
  consent_requests: 'words',
  sponsor_grants: 'words',
  break_glass: 'words',
  approval_answers: 'words',
  stand_ins: 'ids',
  thread_requesters: 'ids',
  // Requests for tokens: they go when they are over.
  authorizations: 'ids',
  deferrals: 'ids',
  tasks: 'ids',
  access_requests: 'ids',
  allowances: 'ids',
  decisions: 'ids',
  notices: 'ids',
}

/** Removes what belongs to a person alone: keys, sessions, addresses, choices, memberships, signals about them. */
export async function removeBelongings(tx: Tx, personId: string): Promise<void> {
  for (const table of BELONGINGS)
    await tx.deleteFrom(table).where('person_id', '=', personId).execute()
  await leaveOnCall(tx, personId)
  await tx.deleteFrom('own_channels').where('owner', '=', personId).execute()
  await tx.deleteFrom('deliveries').where('recipient', '=', personId).execute()
  await tx
    .deleteFrom('risk_signals')
    .where('subject_kind', '=', 'person')
    .where('subject_id', '=', personId)
    .execute()
}

/** Takes a person out of the order in which groups are told, by way of the groups: the key begins with them. */
async function leaveOnCall(tx: Tx, personId: string): Promise<void> {
  await tx
    .deleteFrom('on_call')
    .where('group_name', 'in', (groups) => groups.selectFrom('groups').select('name'))
    .where('person_id', '=', personId)
    .execute()
}

/** Erases words that the person wrote, or that were written for them, where the row has to stay. What still stands ends. */
export async function eraseWords(
  tx: Tx,
  personId: string,
  { now, text }: { readonly text: string; readonly now: number },
): Promise<void> {
  await tx
    .updateTable('bases')
    .set((eb) => ({ details: '[]', ended_at: eb.fn.coalesce('ended_at', eb.val(now)) }))
    .where('person_id', '=', personId)
    .execute()
  await tx
    .updateTable('consent_requests')
    .set({ purpose: text, details: '[]', message: null, asked_from: null })
    .where('person_id', '=', personId)
    .execute()
  await tx
    .updateTable('sponsor_grants')
    .set((eb) => ({
      purpose: text,
      details: '[]',
      ended_at: eb.fn.coalesce('ended_at', eb.val(now)),
    }))
    .where('person_id', '=', personId)
    .execute()
  const answered = tx
    .selectFrom('approval_answers')
    .select('request_id')
    .where('person_id', '=', personId)
  await tx
    .updateTable('break_glass')
    .set({ reason: text })
    .where('request_id', 'in', answered)
    .where('person_id', '=', personId)
    .execute()
  await tx
    .updateTable('approval_answers')
    .set({ reason: null })
    .where('person_id', '=', personId)
    .execute()
}

/** Erases the data of the person themselves. The row stays, so that ids lead somewhere. */
export async function erasePersonRow(
  tx: Tx,
  personId: string,
  { name, subject }: { readonly name: string; readonly subject: string },
): Promise<void> {
  await tx
    .updateTable('persons')
    .set({
      ...{ name, subject, status: 'erased', email: null },
      ...{ attributes: null, attributes_seen_at: null, groups_seen_at: null },
    })
    .where('id', '=', personId)
    .where('status', '=', 'ended')
    .execute()
}

/** Forgets whose account it was. False: none that was erased has this id. */
export async function forgetSubject(tx: Tx, personId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('persons')
    .set({ subject: `ended:${personId}` })
    .where('id', '=', personId)
    .where('status', '=', 'erased')
    .executeTakeFirstOrThrow()
  return numUpdatedRows === 1n
}
