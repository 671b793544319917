import { Type } from 'typebox'
import {
  addCertificateName,
  CERTIFICATE_NAMES,
  listCertificateNames,
  removeCertificateName,
} from '../agent-authentication/index.ts'
import { findAgent } from '../agents/index.ts'
import { Problem } from '../lib/problem.ts'
import { ByName } from '../operations/schemas.ts'
import { operation } from './operation.ts'
import type { ApiParts } from './parts.ts'

const CertificateName = Type.Object(
  {
    kind: Type.Enum([...CERTIFICATE_NAMES], {
      description: 'as RFC 8705 section 2.1.2 has it, without `tls_client_auth_`',
    }),
    value: Type.String({ minLength: 1, maxLength: 1024 }),
  },
  { additionalProperties: false },
)
const Names = Type.Object({ certificate_names: Type.Array(CertificateName) })

async function namesOf(parts: ApiParts, agentId: string) {
  const { read } = parts.agents.storage
  if (!(await findAgent(read, agentId)))
    throw new Problem('agent.unknown', `there is no agent \`${agentId}\``)
  return { certificate_names: await listCertificateNames(read, agentId) }
}

export const CERTIFICATE_NAME_OPERATIONS = [
  operation({
    id: 'agents.certificate_names',
    method: 'GET',
    path: '/agents/:name/certificate-names',
    says: 'How certificates of an authority call the agent.',
    who: 'administrator',
    widens: false,
    params: ByName,
    answer: Names,
    run: (parts, { params }) => namesOf(parts, params.name),
  }),
  operation({
    id: 'agents.add_certificate_name',
    method: 'POST',
    path: '/agents/:name/certificate-names',
    says: 'Says how certificates of an authority (REMIT_CLIENT_CA_FILE) call the agent: whoever shows one is the agent.',
    who: 'administrator',
    widens: true,
    params: ByName,
    body: CertificateName,
    answer: Names,
    run: async (parts, { body: name, caller, params }) => {
      await addCertificateName(parts.agents, { agentId: params.name, name, by: caller.person.id })
      return namesOf(parts, params.name)
    },
  }),
  operation({
    id: 'agents.remove_certificate_name',
    method: 'POST',
    path: '/agents/:name/certificate-names/remove',
    says: 'Takes that back. Tasks that are open go on; resource tokens of the agent are dead.',
    who: 'administrator',
    widens: false,
    params: ByName,
    body: CertificateName,
    answer: Names,
    run: async (parts, { body: name, caller, params }) => {
      const change = { agentId: params.name, name, by: caller.person.id }
      await removeCertificateName(parts.agents, change)
      return namesOf(parts, params.name)
    },
  }),
]
