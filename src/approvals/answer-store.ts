import type { Selectable } from 'kysely'
import type { ApprovalParts } from '../access-requests/index.ts'
import { canonicalJson } from '../lib/canonical-json.ts'
import type { Id } from '../lib/id.ts'
import type { Reader, Schema, Tx } from '../storage/index.ts'
import type { Choice } from './allowance/allowance.ts'

/** Answer of one person. */
export interface ApprovalAnswer {
  readonly requestId: Id<'request'>
  readonly personId: Id<'person'>
  readonly answer: 'approve' | 'deny'
  readonly reason: string | null
  readonly answerHash: string
  /** What was chosen beyond *once*. */
  readonly standing: Choice | null
  /** When this person last signed in. */
  readonly authTime: number
  readonly answeredAt: number
}

type Row = Selectable<Schema['approval_answers']>

/** A person's word, or his change of mind from approve to deny. False: he has said so, or denied, before. */
export async function putAnswer(tx: Tx, answer: ApprovalAnswer): Promise<boolean> {
  const said = {
    answer: answer.answer,
    reason: answer.reason,
    answer_hash: answer.answerHash,
    auth_time: answer.authTime,
    answered_at: answer.answeredAt,
    standing: answer.standing && canonicalJson(answer.standing),
  }
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('approval_answers')
    .values({ request_id: answer.requestId, person_id: answer.personId, ...said })
    .onConflict((conflict) =>
      answer.answer === 'deny'
        ? conflict
            .columns(['request_id', 'person_id'])
            .doUpdateSet(said)
            .where('approval_answers.answer', '=', 'approve')
        : conflict.columns(['request_id', 'person_id']).doNothing(),
    )
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

export async function answersTo(db: Reader, requestId: string): Promise<ApprovalAnswer[]> {
  const rows = await db
    .selectFrom('approval_answers')
    .selectAll()
    .where('request_id', '=', requestId)
    .orderBy('answered_at')
    .execute()
  return rows.map(answerOf)
}

function answerOf(row: Row): ApprovalAnswer {
  return {
    requestId: row.request_id as Id<'request'>, // a foreign key of the table
    personId: row.person_id as Id<'person'>, // written from a person's id
    answer: row.answer as 'approve' | 'deny', // written by putAnswer
    reason: row.reason,
    answerHash: row.answer_hash,
    standing: row.standing === null ? null : (JSON.parse(row.standing) as Choice), // written by putAnswer
    authTime: row.auth_time,
    answeredAt: row.answered_at,
  }
}

/** Lists the answers so far, in order. */
export async function listAnswers(
  parts: Pick<ApprovalParts, 'storage'>,
  requestId: string,
): Promise<ApprovalAnswer[]> {
  return answersTo(parts.storage.read, requestId)
}
