import type { Id } from '../../platform/lib/id.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import { findDecision } from '../../tasks/decision-log/index.ts'
import { type Call, callKeys } from '../../tasks/facts/index.ts'
import { openCase } from './case.ts'
import type { CallParts } from './parts.ts'
import { bookingOf, usedProofSteps } from './refuse.ts'

/** A permit that an API gave in its own process, as it tells it. */
export interface DecidedElsewhere {
  readonly id: Id<'decision'>
  /** Epoch milliseconds. */
  readonly at: number
  readonly task: string
  readonly policyVersion: number
  readonly token: { readonly id: string; readonly exp: number }
  readonly proof: { readonly thumbprint: string; readonly replayKey: string }
}

/** Time for which the use of such a proof is remembered: longer than it counts anywhere. */
const REMEMBER_PROOF_MS = 120_000
/** Age that a permit may have when it is told. */
const MAX_AGE_MS = DAY
const MAX_AHEAD_MS = 10_000

/**
 * Records a permit that was given elsewhere, once: the intent with the call as it is read here, and
 * its effect on the risk history. It gives no authority. False: it was recorded before.
 * @throws Problem `decision.unreportable`
 */
export async function recordDecided(
  parts: CallParts,
  by: string,
  { call, decided }: { readonly call: Call; readonly decided: DecidedElsewhere },
): Promise<boolean> {
  const { id, policyVersion, proof, token } = decided
  const now = parts.clock.now()
  const held = await parts.facts.task(decided.task)
  const granted = held?.task.details.some(
    ({ actions, locations }) =>
      locations.includes(call.resource.identifier) && actions.includes(call.action.name),
  )
  // INVARIANT: an API tells of its own calls only, and of tasks that could have made them.
  if (!held || !granted) throw unreportable('the task holds nothing that the call could be')
  if (decided.at > now + MAX_AHEAD_MS || decided.at < now - MAX_AGE_MS)
    throw unreportable('it was not decided within the last day')
  const { chain, spaces, task } = held
  const { issuers, personId: person } = task
  const keys = callKeys({
    task: task.id,
    person,
    chain,
    spaces,
    issuers,
    resource: call.resource.name,
  })
  const view = await parts.live.view(keys)
  const at = Math.min(decided.at, now)
  const claims = {
    jti: token.id,
    exp: token.exp,
    authorization_details: [],
    task: { id: task.id, ep: '' },
  }
  const who = {
    ...{ known: true as const, claims, held, view },
    proof: { ...proof, expiresAt: now + REMEMBER_PROOF_MS },
    credential: { gate: 'credential' as const, passed: true, detail: 'as the API found it' },
    liveness: { gate: 'liveness' as const, passed: true, detail: 'as the API found it' },
  }
  const fixed = { id, at, replicaId: parts.live.replicaId, policyVersion, proofUsed: false }
  const risk = await parts.risk.observe({
    action: call.action,
    arguments: call.arguments,
    at,
    held,
    view,
  })
  const each = { ...openCase(call, who, fixed), decidedBy: by, risk: risk.assessment }
  const detail = `decided in the process of the API, by \`${by}\``
  const finding = { outcome: 'permit', reason: 'permitted', gates: [], detail } as const
  const booking = bookingOf(parts, each, finding)
  const steps = [...parts.risk.steps(risk, id), ...booking.steps]
  // A proof that was shown elsewhere, too, has had its effect: that is no reason to leave it out of the books.
  const first = await parts.storage.commit([...usedProofSteps(parts, each), ...steps])
  const done = first.committed ? first : await parts.storage.commit(steps)
  if (done.committed) {
    booking.done()
    parts.risk.permitted(risk, id)
    return true
  }
  const known = await findDecision(parts.storage.read, id)
  if (known?.taskId === task.id && known.resource === call.resource.name) return false
  throw known ? unreportable('another decision has this id') : done.failed.problem()
}

function unreportable(detail: string): Problem {
  return new Problem('decision.unreportable', detail)
}
