import { stopEarly } from '@remit/engine'
import { newTimedId } from '../../../platform/lib/id.ts'
import type { RecordedRequest } from '../case.ts'
import { identify } from '../identify.ts'
import type { CallParts } from '../parts.ts'
import { refuse } from '../refuse.ts'
import type { DenyVerdict } from '../verdict.ts'
import type { AdmissionRequest } from './admit.ts'

/** A caller who passes gates 1 and 2, with the task of the token, its agent, and the person that it is for. */
export interface KnownCaller {
  readonly outcome: 'known'
  readonly task: string
  readonly agent: string
  /** The represented person, or the sponsor. */
  readonly person: string
}

/**
 * Gates 1 and 2 of a request whose body has not arrived yet: a caller who does not pass them is refused now, which is recorded and uses up
 * the proof. Of a caller who passes nothing is used up. INVARIANT: it permits nothing; the whole request is decided when it is there,
 * however long its body took.
 */
export async function checkCaller(
  parts: CallParts,
  asked: AdmissionRequest,
): Promise<DenyVerdict | KnownCaller> {
  const who = await identify(parts, asked)
  const stop = who.known ? stopEarly(who.credential, who.liveness) : stopEarly(who.credential)
  if (!stop && who.known) {
    const { agentId: agent, id: task, personId: person } = who.held.task
    return { outcome: 'known', task, agent, person }
  }
  if (!stop) throw new Error('no reason why the credential does not hold')
  const { action, origin, resource } = asked
  const each: RecordedRequest = {
    id: newTimedId('decision', parts.clock.now(), parts.random),
    call: { resource, origin, ...(action ? { action } : {}) },
    who,
    callHash: undefined,
    at: parts.clock.now(),
    replicaId: parts.live.replicaId,
    policyVersion: undefined,
    proofUsed: false,
  }
  return refuse(parts, each, stop)
}
