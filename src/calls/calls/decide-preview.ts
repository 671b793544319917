import type { GateResult } from '@remit/engine'
import { countedAccess } from '../../catalog/catalog/index.ts'
import { newTimedId } from '../../platform/lib/id.ts'
import { consumeOnce } from '../../platform/storage/index.ts'
import { PREVIEW_SPAN_MS } from '../../tasks/approval-desk/index.ts'
import type { Call } from '../../tasks/facts/index.ts'
import { openCase, type PreviewContext } from './case.ts'
import { decisionInputsFor } from './decide-call.ts'
import { identifyTold } from './identify.ts'
import { gatherCallFacts } from './judgment/decision-inputs.ts'
import { lookAt } from './judgment/judge.ts'
import { explainBearerDenial } from './judgment/unbound.ts'
import { askedOnce, decideWithOthers } from './judgment/with-others.ts'
import type { CallParts } from './parts.ts'
import { refuse } from './refuse.ts'
import { reserve } from './reserve.ts'
import type { DenyVerdict, PermitVerdict } from './verdict.ts'

/**
 * Decides a call that Remit makes itself, so that an approver sees what a waiting call of the same task is about: by all
 * gates, recorded like every call. `too_soon`: this approver fetched the preview of this request a moment ago.
 * INVARIANT: it only reads, asks no one, uses no approval, and takes nothing of a limit, because a look of an approver
 * must take nothing from the call that waits.
 */
export async function decidePreview(
  parts: CallParts,
  call: Pick<Call, 'action' | 'arguments' | 'doable' | 'resource' | 'sent'>,
  about: PreviewContext & { readonly task: string },
): Promise<PermitVerdict | DenyVerdict | { readonly outcome: 'too_soon' }> {
  const at = parts.clock.now()
  if (!(await isFirst(parts, about, at))) return { outcome: 'too_soon' }
  const { by, request, task } = about
  const who = await identifyTold(parts, { task, resource: call.resource }, OURSELVES)
  const fixed = {
    id: newTimedId('decision', at, parts.random),
    at,
    replicaId: parts.live.replicaId,
  }
  const opened = {
    ...openCase({ ...call, ...NO_CREDENTIALS }, who, {
      ...fixed,
      policyVersion: undefined,
      proofUsed: true,
    }),
    preview: { by, request },
  }
  const { credential } = who
  if (!who.known) return refuse(parts, opened, { ...NO_TASK, gates: [credential] })
  const found = await decisionInputsFor(parts, { ...opened, who })
  if (!('grounds' in found)) return refuse(parts, opened, found.because)
  return judged(parts, found)
}

async function judged(
  parts: CallParts,
  { each, grounds }: Extract<Awaited<ReturnType<typeof decisionInputsFor>>, { grounds: unknown }>,
): Promise<PermitVerdict | DenyVerdict> {
  const no = (detail: string) =>
    refuse(parts, each, { ...NOT_PREVIEWED, detail, gates: [each.who.credential] })
  if (countedAccess(each.call.action) !== 'read')
    return no('the action may change something, and a preview only reads')
  const own = await lookAt(parts, each, grounds)
  const { decision, facts, looked } = await decideWithOthers(
    own,
    askedOnce(parts, each, grounds),
    (seen) => gatherCallFacts(each, seen),
  )
  if (decision.outcome === 'deny')
    return refuse(parts, each, { ...explainBearerDenial(each, looked, decision), facts })
  if (decision.outcome === 'requestable')
    return no('people have to approve this reading, too, and no one is asked for a preview')
  if (looked.budget.takings.length > 0)
    return no('a limit of the task counts this reading, and a preview takes nothing of it')
  const answer = await reserve(parts, each, { permit: decision, facts, looked, word: undefined })
  if (answer.outcome === 'overtaken') throw new Error('a preview took something of a limit')
  return answer
}

/** INVARIANT: single use decides it, so many requests at once fetch once. */
function isFirst(
  { storage }: Pick<CallParts, 'storage'>,
  { by, request }: PreviewContext,
  at: number,
): Promise<boolean> {
  const span = Math.floor(at / PREVIEW_SPAN_MS)
  const expiresAt = (span + 2) * PREVIEW_SPAN_MS
  return storage.transaction((tx) =>
    consumeOnce(tx, 'preview', `${request} ${by} ${span}`, expiresAt),
  )
}

const OURSELVES: GateResult = {
  gate: 'credential',
  passed: true,
  detail: 'Remit reads for an approver',
}

const NO_CREDENTIALS = {
  ...{ token: undefined, scheme: undefined, proof: undefined, method: '', url: '' },
  origin: { ip: '' },
} as const

const NO_TASK = {
  reason: 'task.unknown',
  detail: 'there is no such task',
  enough: 'a new task',
} as const

const NOT_PREVIEWED = {
  reason: 'approval.no_preview',
  enough: 'a preview by an action that the task may call without asking',
} as const
