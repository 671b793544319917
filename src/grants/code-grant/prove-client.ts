import {
  ATTESTED,
  authenticateAgent,
  credentialStep,
} from '../../identity/agent-authentication/index.ts'
import { findDescription } from '../../identity/client-metadata/index.ts'
import { agentIdOf, isClientUrl } from '../../platform/lib/client-url.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Step } from '../../platform/storage/index.ts'
import type { GrantParts } from '../grants/index.ts'

/** Members of a token request that say who sends it. */
export interface ClientParameters {
  readonly clientId: string
  readonly assertion: string | undefined
  readonly assertionType: string | undefined
}

/** `byKey`: it proved that it has its key. Nothing of a public client. */
export interface ProvedClient {
  readonly byKey: boolean
  /** Used up with what the request gets. */
  readonly steps: readonly Step[]
}

/** Binding of the client's refresh tokens (contract 12.2). */
export function boundTo({ byKey }: ProvedClient): 'client' | 'key' {
  return byKey ? 'client' : 'key'
}

const PUBLIC: ProvedClient = { byKey: false, steps: [] }

/**
 * Authenticates a client that asked a person: a client registered to authenticate has to (RFC 6749
 * section 3.2.1, section 6 of the draft on metadata documents), at the code and at each refresh.
 * INVARIANT: a client that has a key and no other way is never served without it, whatever it was
 * when it was let in.
 * @throws Problem `agent.unauthenticated`, `oauth.invalid_request`, `client_document.…`
 */
export async function proveClient(
  parts: GrantParts,
  { assertion, assertionType = '', clientId }: ClientParameters,
): Promise<ProvedClient> {
  const { fapi2, methods } = await waysOf(parts, clientId)
  if (assertion === undefined) {
    if (methods.includes('none') && !fapi2) return PUBLIC
    throw new Problem('agent.unauthenticated', 'the client authenticates with its key')
  }
  // A client that can show more than it announced is believed, not refused.
  if (fapi2 && assertionType === ATTESTED)
    throw new Problem('agent.unauthenticated', 'the client authenticates with its key')
  if (!methods.includes('private_key_jwt') && assertionType !== ATTESTED)
    throw new Problem(
      'oauth.invalid_request',
      '`client_assertion` is not accepted here: the client is public',
    )
  const { agent, ...credential } = await authenticateAgent(parts, { assertion, assertionType })
  if (agent.id !== agentIdOf(clientId))
    throw new Problem('agent.unauthenticated', 'the assertion belongs to another client')
  return { byKey: true, steps: [credentialStep(parts.storage.read, credential)] }
}

async function waysOf(
  parts: Pick<GrantParts, 'documents' | 'fapi2' | 'storage'>,
  clientId: string,
): Promise<{ readonly fapi2: boolean; readonly methods: readonly ('none' | 'private_key_jwt')[] }> {
  const everyone = parts.fapi2 ?? false
  if (!isClientUrl(clientId)) {
    const { fapi2 = false, methods = ['none'] } =
      (await findDescription(parts.storage.read, clientId))?.proves ?? {}
    return { fapi2: everyone || fapi2, methods }
  }
  const document = await parts.documents?.inForce(clientId)
  if (!document) throw new Problem('client_document.refused', 'metadata documents are not enabled')
  return { fapi2: everyone || document.terms.fapi2, methods: document.methods }
}
