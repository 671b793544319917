import type { FrozenQuestion } from '../../../approvals/access-requests/index.ts'
import { DENIAL_MS, type EvaluationDenial } from '../../../calls/calls/index.ts'
import { canonicalJson } from '../../../platform/lib/canonical-json.ts'
import type { Id } from '../../../platform/lib/id.ts'
import {
  codec,
  type Reader,
  type Step,
  type Storage,
  type Tx,
} from '../../../platform/storage/index.ts'
import { AUTHZEN_TABLES } from '../tables.ts'
import type { EvaluationRequest } from './submission.ts'

const EVALUATIONS = codec('evaluation_requests').of<EvaluationRequest>()

/** Writes a denial in the transaction of its answer, so that every offered denial can be found again. */
export function denialStep(db: Reader, denial: EvaluationDenial): Step {
  const query = AUTHZEN_TABLES.in(db)
    .insertInto('evaluation_denials')
    .values({
      id: denial.id,
      pep: denial.pep,
      binding_hash: denial.bindingHash,
      question: canonicalJson({ ...denial.question }),
      insufficient: JSON.stringify(denial.insufficient),
      expires_at: denial.expiresAt,
    })
  return { name: 'evaluation denial', query, rows: 1 }
}

export async function readDenial(db: Reader, id: string): Promise<EvaluationDenial | undefined> {
  const row = await AUTHZEN_TABLES.in(db)
    .selectFrom('evaluation_denials')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return (
    row && {
      id: row.id as Id<'decision'>, // written only by `denialStep`, as all of it
      pep: row.pep,
      bindingHash: row.binding_hash,
      question: JSON.parse(row.question) as FrozenQuestion, // likewise
      insufficient: JSON.parse(row.insufficient) as Id<'request'>[], // likewise
      expiresAt: row.expires_at,
    }
  )
}

/** Writes a submission. Returns false if the enforcement point has used the key before. */
export async function insertSubmission(
  tx: Tx,
  items: readonly EvaluationRequest[],
): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('evaluation_requests')
    .values(items.map((each) => EVALUATIONS.write(each)))
    .onConflict((conflict) => conflict.columns(['pep', 'idempotency_key']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === BigInt(items.length)
}

/**
 * Finds the items of a submission, in order, by its id or key, and by the enforcement point that made it. INVARIANT: for
 * every other one it is not there.
 */
export async function findSubmission(
  db: Reader,
  pep: string,
  by: { readonly id: string } | { readonly key: string },
): Promise<EvaluationRequest[]> {
  let query = db.selectFrom('evaluation_requests').selectAll().where('pep', '=', pep)
  query =
    'id' in by
      ? query.where('id', '=', by.id)
      : query.where('id', 'in', (of) =>
          of
            .selectFrom('evaluation_requests')
            .select('id')
            .where('pep', '=', pep)
            .where('idempotency_key', '=', by.key),
        )
  return (await query.orderBy('position').execute()).map(EVALUATIONS.read)
}

/** Finds the item that an approval is of. INVARIANT: for every other enforcement point it is not there. */
export async function findApproved(
  db: Reader,
  pep: string,
  approvalId: string,
): Promise<EvaluationRequest | undefined> {
  const row = await db
    .selectFrom('evaluation_requests')
    .selectAll()
    .where('pep', '=', pep)
    .where('approval_id', '=', approvalId)
    .executeTakeFirst()
  return row && EVALUATIONS.read(row)
}

/** Lists the access requests that were submitted together with this one, itself included. */
export async function submittedWith(db: Reader, requestId: string): Promise<Set<string>> {
  const rows = await db
    .selectFrom('evaluation_requests')
    .select('request_id')
    .where('id', 'in', (of) =>
      of.selectFrom('evaluation_requests').select('id').where('request_id', '=', requestId),
    )
    .execute()
  return new Set(rows.map((row) => row.request_id))
}

/** Deletes denials that cannot be submitted or read any more, after some time in which a refusal can still say why. */
export async function forgetEvaluated(storage: Storage, now: number): Promise<void> {
  await storage.transaction(async (tx) => {
    const own = AUTHZEN_TABLES.in(tx)
    for (const table of ['evaluation_denials', 'evaluation_requests'] as const)
      await own
        .deleteFrom(table)
        .where('expires_at', '<=', now - DENIAL_MS)
        .execute()
    await own.deleteFrom('submission_callbacks').where('expires_at', '<=', now).execute()
  })
}
