import type { PolicyRecord, Risk } from '@remit/engine'
import type { Call } from './call.ts'
import type { Case } from './case.ts'
import { personRef } from './entities.ts'
import type { HeldTask } from './facts.ts'

/** Of a call, or of calls that could be made. */
export interface Circumstances extends Pick<Case, 'at'>, Pick<Call, 'origin'> {
  readonly risk: Risk
}

/** What policies see beside person, agent, chain and arguments, which the gates add. As `schemaFor` declares it. */
export function contextOf({ at, origin, risk }: Circumstances, { task }: HeldTask): PolicyRecord {
  return {
    now: { datetime: new Date(at).toISOString() },
    risk,
    // Nobody asked for what is done with no person present.
    ...(task.sponsored ? {} : { requester: { entity: personRef(task.personId) } }),
    participants: { set: [] },
    task: { record: { id: task.id, purpose: task.purpose } },
    token: { record: { bound: task.keyThumbprint !== null } },
    origin: { record: { ip: origin.ip } },
  }
}

/** For each risk class: all actions of a class are asked about in the very same one. */
export function contextsOf(
  around: Omit<Circumstances, 'risk'>,
  held: HeldTask,
): Readonly<Record<Risk, PolicyRecord>> {
  const of = (risk: Risk) => contextOf({ ...around, risk }, held)
  return { low: of('low'), medium: of('medium'), high: of('high'), critical: of('critical') }
}
