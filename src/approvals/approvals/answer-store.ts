import type { Id } from '../../platform/lib/id.ts'
import { codec, type Reader, type Tx } from '../../platform/storage/index.ts'
import type { ApprovalParts } from '../access-requests/index.ts'
import type { Choice } from './allowance/allowance.ts'

/**
 * Acts that come with a denial: the call as it was changed is approved instead, the task is closed,
 * or the agent is suspended and reported.
 */
export type Consequence = 'edit' | 'end_task' | 'report'

/** Answer of one person. */
export interface ApprovalAnswer {
  readonly requestId: Id<'request'>
  readonly personId: Id<'person'>
  /** Person in whose place it was given. */
  readonly standsInFor: Id<'person'> | null
  readonly answer: 'approve' | 'deny'
  readonly reason: string | null
  readonly answerHash: string
  /** Choice beyond *once*. */
  readonly allowance: Choice | null
  /** Act that came with a denial. */
  readonly consequence: Consequence | null
  /** Time when the page that was answered was made; `null`: not known. */
  readonly shownAt: number | null
  /** Time when this person last signed in. */
  readonly authTime: number
  readonly answeredAt: number
  /** Time from which its lifetime counts: of a signed one, when the page was made. */
  readonly countsFrom: number
}

const ANSWERS = codec('approval_answers').of<ApprovalAnswer>()

/**
 * Stores a person's answer, or their change from approve to deny, or (`alone`) to an approval that needs no other. False: they have
 * answered so, or denied, before.
 */
export async function putAnswer(tx: Tx, answer: ApprovalAnswer, alone: boolean): Promise<boolean> {
  const row = ANSWERS.write(answer)
  const { person_id, request_id, ...said } = row
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('approval_answers')
    .values(row)
    .onConflict((conflict) =>
      answer.answer === 'deny' || alone
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
