import { newId } from '../../platform/lib/id.ts'
import type { Problem } from '../../platform/lib/problem.ts'
import type { HoldScope, LegalHold } from './hold.ts'
import { countChange, findHold, insertHold, markLifted } from './hold-store.ts'
import type { RetentionParts } from './parts.ts'
import { RetentionProblem } from './problems.ts'
import { restartPasses } from './progress-store.ts'

type HoldParts = Pick<RetentionParts, 'clock' | 'ledger' | 'random' | 'storage'>

/** A hold as an administrator wants it. */
export interface HoldDraft extends HoldScope {
  readonly matter: string
  readonly by: string
}

/**
 * Sets a legal hold. From its return on, nothing that it covers is deleted or erased.
 * @throws Problem `retention.bad_hold`
 */
export async function setHold(parts: HoldParts, { by, ...draft }: HoldDraft): Promise<LegalHold> {
  requireBounded(draft)
  const hold: LegalHold = {
    ...draft,
    id: newId('legal_hold', parts.random),
    setBy: by,
    setAt: parts.clock.now(),
    liftedBy: null,
    liftedAt: null,
  }
  await parts.storage.transaction(async (tx) => {
    await countChange(tx)
    await insertHold(tx, hold)
    await parts.ledger.append(tx, recordOf('retention.hold_set', hold, by))
  })
  return hold
}

/** Lifts a legal hold. @throws Problem `retention.unknown_hold` */
export async function liftHold(
  parts: HoldParts,
  { by, id }: { readonly id: string; readonly by: string },
): Promise<LegalHold> {
  const at = parts.clock.now()
  await parts.storage.transaction(async (tx) => {
    const hold = await findHold(tx, id)
    if (!hold || !(await markLifted(tx, { id, by, at }))) throw unknownHold(id)
    await countChange(tx)
    // What it kept is due now.
    await restartPasses(tx)
    await parts.ledger.append(tx, recordOf('retention.hold_lifted', hold, by))
  })
  const lifted = await findHold(parts.storage.read, id)
  if (!lifted) throw unknownHold(id)
  return lifted
}

function requireBounded({ agentId, fromAt, personId, resource, taskId, untilAt }: HoldScope): void {
  if ([agentId, fromAt, personId, resource, taskId, untilAt].every((each) => each === null))
    throw new RetentionProblem(
      'retention.bad_hold',
      'name a person, an agent, a task, a resource or a span of time',
    )
  if (fromAt !== null && untilAt !== null && untilAt <= fromAt)
    throw new RetentionProblem('retention.bad_hold', 'the span ends before it begins')
}

function recordOf(type: string, hold: LegalHold, by: string) {
  const { agentId, fromAt, id, matter, personId, resource, taskId, untilAt } = hold
  return {
    type,
    by,
    ...(personId === null ? {} : { person: personId }),
    ...(agentId === null ? {} : { agent: agentId }),
    ...(taskId === null ? {} : { task: taskId }),
    ...(resource === null ? {} : { resource }),
    facts: {
      hold: id,
      matter,
      ...(fromAt === null ? {} : { from: new Date(fromAt).toISOString() }),
      ...(untilAt === null ? {} : { until: new Date(untilAt).toISOString() }),
    },
  }
}

function unknownHold(id: string): Problem {
  return new RetentionProblem('retention.unknown_hold', `there is no hold \`${id}\` that stands`)
}
