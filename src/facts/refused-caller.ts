import type { LedgerEvent, RefusedCaller } from '../ledger/index.ts'
import { type Id, isId } from '../lib/id.ts'
import type { RecordedRequest } from './case.ts'
import type { FactParts } from './parts.ts'
import { isChallenge } from './reasons.ts'

type Tallying = Pick<FactParts, 'ledger'>

/**
 * Answers whose refusal it is; `undefined`: a stranger's. A token that we issued names its task,
 * also where the proof beside it is no good.
 * INVARIANT: nothing that a stranger says of themselves is in it.
 */
function callerOf(
  { who }: Pick<RecordedRequest, 'who'>,
  reason: string,
): RefusedCaller | undefined {
  if (who.known) return { task: who.held.task.id, agent: who.held.task.agentId, reason }
  return who.claims && { task: who.claims.task.id, reason }
}

/**
 * Decides how a refusal at the token endpoint, or beside it, goes into the books: by who
 * authenticated, or whose grant was shown.
 */
export function bookkeepingForOpening(
  { ledger: { refusals } }: Tallying,
  attempt: { readonly about: Partial<LedgerEvent>; readonly ip: string },
  reason: string,
): Bookkeeping {
  const { agent, task } = attempt.about
  if (agent !== undefined || task !== undefined)
    return bookkeepingOf(refusals, { agent, task, reason })
  if (!isChallenge(reason)) refusals.countStranger({ at: 'token request', reason, ip: attempt.ip })
  return { as: 'stranger' }
}

/** Tells whether nothing is known of who called. */
export function isStranger({ who }: Pick<RecordedRequest, 'who'>): boolean {
  return !who.known && who.claims === undefined
}

/**
 * Form in which a refusal goes into the books: by itself, counted with others like it, or counted
 * as a stranger's.
 */
export type Bookkeeping =
  | { readonly as: 'record'; done(id: Id<'decision'>): void }
  | { readonly as: 'repeat'; readonly like: Id<'decision'> | undefined }
  | { readonly as: 'stranger' }

/** INVARIANT: asked once for each refusal, because asking counts it. */
export function bookkeepingFor(
  { ledger: { refusals } }: Tallying,
  each: Pick<RecordedRequest, 'who' | 'call' | 'pep'>,
  reason: string,
): Bookkeeping {
  const caller = callerOf(each, reason)
  if (caller) return bookkeepingOf(refusals, caller)
  const { pep } = each
  const ip = each.call.origin?.ip
  if (!isChallenge(reason))
    refusals.countStranger({ at: 'call', reason, ...(pep === undefined ? { ip } : { pep }) })
  return { as: 'stranger' }
}

function bookkeepingOf(
  refusals: Tallying['ledger']['refusals'],
  caller: RefusedCaller,
): Bookkeeping {
  if (refusals.admits(caller))
    return { as: 'record', done: (id) => refusals.noteRecorded(caller, id) }
  const last = refusals.lastOf(caller)
  return { as: 'repeat', like: isId('decision', last) ? last : undefined }
}
