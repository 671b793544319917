import { Problem } from '../../platform/lib/problem.ts'
import { DAY } from '../../platform/lib/time-units.ts'
import type { Agent } from './agent.ts'
import { updateAgent } from './agent-store.ts'
import { changeAgent } from './change-agent.ts'
import type { AgentParts } from './parts.ts'

const MAX_DAYS = 3650

/**
 * Sets how long the owner's word for an agent counts, beginning now; `null`: no date. An act of administrators. It wakes no agent:
 * a suspended one stays so. Throws `agent.unknown`, `agent.final`, `agent.bad_certification`.
 */
export async function setCertification(
  parts: AgentParts,
  change: { readonly agentId: string; readonly days: number | null; readonly by: string },
): Promise<void> {
  const { agentId, by, days } = change
  if (days !== null && !(Number.isInteger(days) && days >= 1 && days <= MAX_DAYS))
    throw new Problem(
      'agent.bad_certification',
      `the interval is a whole number of days from 1 to ${MAX_DAYS}`,
    )
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      const certification = days === null ? null : from(parts, days)
      await updateAgent(tx, agentId, { certification })
      return { type: 'agent.certification_set', facts: certificationFacts(certification) }
    },
  })
}

/**
 * Says that an agent is still wanted: its date moves on by its own days, never by what the caller wishes. Who was suspended
 * because the date passed works again; who was suspended for anything else stays so.
 * `mayFor` says whether the caller answers for that agent.
 * @throws Problem `agent.unknown`, `agent.final`, `agent.not_owner`, `agent.bad_certification`: it carries no date
 */
export async function recertifyAgent(
  parts: AgentParts,
  change: {
    readonly agentId: string
    readonly by: string
    readonly mayFor: (agent: Agent) => boolean
  },
): Promise<void> {
  const { agentId, by, mayFor } = change
  await changeAgent(parts, {
    agentId,
    by,
    state: (agent) => (wakes(agent) ? 'active' : undefined),
    write: async (tx, agent) => {
      if (!mayFor(agent))
        throw new Problem('agent.not_owner', `you are not the owner of \`${agentId}\``)
      if (!agent.certification)
        throw new Problem('agent.bad_certification', `\`${agentId}\` has no recertification date`)
      const certification = from(parts, agent.certification.days)
      const woken = { status: 'active', suspendedFor: null, resumedAt: parts.clock.now() } as const
      await updateAgent(tx, agentId, { certification, ...(wakes(agent) ? woken : {}) })
      const facts = { ...certificationFacts(certification), resumed: wakes(agent) }
      return { type: 'agent.recertified', facts }
    },
  })
}

function wakes({ status, suspendedFor }: Agent): boolean {
  return status === 'suspended' && suspendedFor === 'uncertified'
}

function from({ clock }: AgentParts, days: number) {
  return { days, until: clock.now() + days * DAY }
}

function certificationFacts(certification: Agent['certification']) {
  return {
    days: certification?.days ?? null,
    until: certification ? new Date(certification.until).toISOString() : null,
  }
}
