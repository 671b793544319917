import type { ApprovalParts } from '../access-requests/index.ts'
import type { Id } from '../lib/id.ts'
import { codec, type Reader, type Tx } from '../storage/index.ts'
import type { Choice } from './allowance/allowance.ts'

/** Answer of one person. */
export interface ApprovalAnswer {
  readonly requestId: Id<'request'>
  readonly personId: Id<'person'>
  readonly answer: 'approve' | 'deny'
  readonly reason: string | null
  readonly answerHash: string
  /** Choice beyond *once*. */
  readonly allowance: Choice | null
  /** Time when this person last signed in. */
  readonly authTime: number
  readonly answeredAt: number
}

const ANSWERS = codec('approval_answers').of<ApprovalAnswer>()

/** A person's word, or his change of mind from approve to deny. False: he has said so, or denied, before. */
export async function putAnswer(tx: Tx, answer: ApprovalAnswer): Promise<boolean> {
  const row = ANSWERS.write(answer)
  const { person_id, request_id, ...said } = row
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('approval_answers')
    .values(row)
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
  return rows.map(ANSWERS.read)
}

/** Lists the answers so far, in order. */
export async function listAnswers(
  parts: Pick<ApprovalParts, 'storage'>,
  requestId: string,
): Promise<ApprovalAnswer[]> {
  return answersTo(parts.storage.read, requestId)
}
