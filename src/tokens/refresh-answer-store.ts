import type { Reader, Step } from '../storage/index.ts'

/** What a refresh token was answered with, for a few seconds: the answer may have been lost on its way. */
export interface RefreshAnswer {
  /** Of the refresh token that was used. */
  readonly digest: string
  /** Of everything that was asked with it, the key included. */
  readonly requestHash: string
  /** Sealed. */
  readonly answer: Uint8Array
  /** Of the refresh token in it. */
  readonly next: string | null
  readonly until: number
}

export function insertRefreshAnswerStep(db: Reader, answer: RefreshAnswer): Step {
  const query = db.insertInto('refresh_answers').values({
    digest: answer.digest,
    request_hash: answer.requestHash,
    answer: answer.answer,
    next: answer.next,
    ends_at: answer.until,
  })
  return { name: 'refresh answer', query, rows: 1 }
}

/** The answer to the same request, while it is kept and nobody has used what is in it. */
export async function findRefreshAnswer(
  db: Reader,
  of: { readonly digest: string; readonly requestHash: string; readonly now: number },
): Promise<Uint8Array | undefined> {
  const row = await db
    .selectFrom('refresh_answers')
    .leftJoin('refresh_tokens', 'refresh_tokens.digest', 'refresh_answers.next')
    .select('refresh_answers.answer')
    .where('refresh_answers.digest', '=', of.digest)
    .where('refresh_answers.request_hash', '=', of.requestHash)
    .where('refresh_answers.ends_at', '>', of.now)
    .where('refresh_tokens.used_at', 'is', null)
    .executeTakeFirst()
  return row?.answer
}
