import type { PolicyRecord } from '@remit/engine'
import { countedRisk } from '../catalog/index.ts'
import type { Call } from './call.ts'
import type { Case } from './case.ts'
import { personRef } from './entities.ts'
import type { HeldTask } from './facts.ts'

/** A call, or an action that could be called. */
export interface Asked extends Pick<Case, 'at'> {
  readonly call: Pick<Call, 'action' | 'resource' | 'origin'>
}

/** What policies see beside person, agent, chain and arguments, which the gates add. As `schemaFor` declares it. */
export function contextOf(each: Asked, { task }: HeldTask): PolicyRecord {
  const { call } = each
  return {
    now: { datetime: new Date(each.at).toISOString() },
    risk: countedRisk(call.action),
    // Nobody asked for what is done with no person present.
    ...(task.sponsored ? {} : { requester: { entity: personRef(task.personId) } }),
    participants: { set: [] },
    task: { record: { id: task.id, purpose: task.purpose } },
    token: { record: { bound: task.keyThumbprint !== null } },
    origin: { record: { ip: call.origin.ip } },
  }
}
