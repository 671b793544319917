import { type Id, newId } from '../../../platform/lib/id.ts'
import { systemRandom } from '../../../platform/lib/random.ts'
import { insertDecisionQuery } from '../../../tasks/decision-log/decision-store.ts'
import type { StoredRisk } from '../../../tasks/risk/index.ts'
import type { Task } from '../../../tasks/tasks/index.ts'
import type { TestPages } from '../testing.ts'

interface DecidedWith {
  readonly id?: Id<'decision'>
  readonly risk?: StoredRisk
}

/** A refusal in the books, by a policy of this version. */
export async function decided(
  { parts, clock }: TestPages,
  task: Task,
  policyVersion: number,
  { id = newId('decision', systemRandom), risk }: DecidedWith = {},
): Promise<Id<'decision'>> {
  const refused = { passed: false, reason: 'agent.not_permitted' } as const
  const { storage } = parts.decisions
  const query = insertDecisionQuery(storage.read, {
    id,
    taskId: task.id,
    personId: task.personId,
    agentId: task.agentId,
    resource: 'orders',
    action: 'orders.read',
    outcome: 'deny',
    reason: refused.reason,
    callHash: 'h',
    policyVersion,
    requestId: null,
    allowanceId: null,
    explanation: {
      detail: 'the policies do not let refund-bot do this',
      enough: 'another policy',
      ...(risk ? { risk } : {}),
      gates: [
        { gate: 'credential', passed: true },
        {
          gate: 'agent',
          ...refused,
          subject: task.agentId,
          policies: ['no-reading'],
          note: 'for operators',
        },
      ],
    },
    state: 'decided',
    status: null,
    replicaId: 'rpl',
    at: clock.now(),
    endedAt: null,
    presumedAt: null,
  })
  await storage.commit([{ name: 'decision', query, rows: 1 }])
  return id
}
