import type { FrozenQuestion } from '../../access-requests/index.ts'
import { canonicalJson } from '../../lib/canonical-json.ts'
import type { Id } from '../../lib/id.ts'
import { codec, type Reader, type Step, type Storage, type Tx } from '../../storage/index.ts'
import { DENIAL_MS, type EvaluationDenial, type EvaluationRequest } from './evaluated.ts'

const EVALUATIONS = codec('evaluation_requests').of<EvaluationRequest>()

/** Written with the answer, so that nothing is offered that could not be found again. */
export function denialStep(db: Reader, denial: EvaluationDenial): Step {
  const query = db.insertInto('evaluation_denials').values({
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
  const row = await db
    .selectFrom('evaluation_denials')
    .selectAll()
    .where('id', '=', id)
    .executeTakeFirst()
  return (
    row && {
      id: row.id as Id<'decision'>, // written by `denialStep` and nobody else, as all of it
      pep: row.pep,
      bindingHash: row.binding_hash,
      question: JSON.parse(row.question) as FrozenQuestion, // likewise
      insufficient: JSON.parse(row.insufficient) as Id<'request'>[], // likewise
      expiresAt: row.expires_at,
    }
  )
}

/** False: the enforcement point has used the key before. */
export async function insertEvaluationRequest(tx: Tx, made: EvaluationRequest): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await tx
    .insertInto('evaluation_requests')
    .values(EVALUATIONS.write(made))
    .onConflict((conflict) => conflict.columns(['pep', 'idempotency_key']).doNothing())
    .executeTakeFirstOrThrow()
  return numInsertedOrUpdatedRows === 1n
}

/**
 * Finds a request by one of its names, and by the enforcement point that made it. INVARIANT: for
 * every other one it is not there.
 */
export async function findEvaluationRequest(
  db: Reader,
  pep: string,
  by: { readonly id?: string; readonly approvalId?: string; readonly key?: string },
): Promise<EvaluationRequest | undefined> {
  const [column, value] =
    by.id !== undefined
      ? (['id', by.id] as const)
      : by.approvalId !== undefined
        ? (['approval_id', by.approvalId] as const)
        : (['idempotency_key', by.key ?? ''] as const)
  const row = await db
    .selectFrom('evaluation_requests')
    .selectAll()
    .where('pep', '=', pep)
    .where(column, '=', value)
    .executeTakeFirst()
  return row && EVALUATIONS.read(row)
}

/** Forgets what nobody can submit or look at any more. A while later than that, so that it can be said why. */
export async function forgetEvaluated(storage: Storage, now: number): Promise<void> {
  await storage.transaction(async (tx) => {
    await tx
      .deleteFrom('evaluation_denials')
      .where('expires_at', '<=', now - DENIAL_MS)
      .execute()
    await tx
      .deleteFrom('evaluation_requests')
      .where('expires_at', '<=', now - DENIAL_MS)
      .execute()
  })
}
