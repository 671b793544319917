import { Problem } from '../../../platform/lib/problem.ts'
import { type AgentParts, changeAgent } from '../../agents/index.ts'
import { type CertificateName, readCertificateName } from './certificate-name.ts'
import { deleteCertificateName, insertCertificateName } from './certificate-name-store.ts'

interface NameChange {
  readonly agentId: string
  readonly name: CertificateName
  readonly by: string
}

/**
 * Says how certificates of an authority that is trusted call this agent.
 * @throws Problem `agent.unknown`, `agent.final`, `agent.bad_certificate_name`, `agent.certificate_name_taken`
 */
export async function addCertificateName(parts: AgentParts, change: NameChange): Promise<void> {
  const { agentId, by } = change
  const { kind, value } = readCertificateName(change.name)
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      const now = parts.clock.now()
      if (!(await insertCertificateName(tx, { agentId, kind, value, now })))
        throw new Problem('agent.certificate_name_taken', `\`${value}\` belongs to another agent`)
      return { type: 'agent.certificate_name_added', facts: { kind, value } }
    },
  })
}

/** Takes it back. Throws `agent.unknown`, `agent.final`, `agent.bad_certificate_name`. */
export async function removeCertificateName(parts: AgentParts, change: NameChange): Promise<void> {
  const { agentId, by } = change
  const { kind, value } = readCertificateName(change.name)
  await changeAgent(parts, {
    agentId,
    by,
    write: async (tx) => {
      await deleteCertificateName(tx, { agentId, kind, value })
      return { type: 'agent.certificate_name_removed', facts: { kind, value } }
    },
  })
}
