import { cancelRequests } from '../../../approvals/access-requests/index.ts'
import { useCredential } from '../../../identity/agent-authentication/index.ts'
import { opaqueDigest } from '../../../identity/opaque-tokens/index.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { Tx } from '../../../platform/storage/index.ts'
import { withdrawConsent } from '../../../tasks/consent/index.ts'
import { problemFor } from '../../issuance/index.ts'
import type { OpeningRequest } from '../opening.ts'
import type { GrantParts } from '../parts.ts'
import { type AuthenticatedRequester, readAgent } from '../pipeline/authenticate-requester.ts'
import { isFailed } from '../pipeline/authenticated.ts'
import { useProof } from '../pipeline/begin.ts'
import { KIND_OF } from '../pipeline/defer.ts'
import type { Deferral } from '../pipeline/deferral.ts'
import { countWaitingFor, findDeferral, markCancelled } from '../pipeline/deferral-store.ts'

/** Tells whether a text looks like a code that an agent waits with. */
export function isDeferralCode(token: string): boolean {
  return cancelledDigest(token) !== undefined
}

/**
 * The agent does not want the answer any more (RFC 7009, Deferred Token Response): the request never opens a task, its agent is told
 * nothing, and people are not asked any longer. A code that is not its own, or has ended, changes nothing.
 * @throws Problem why the agent is not known, or that the key is another
 */
export async function cancelDeferral(
  parts: GrantParts,
  request: OpeningRequest & { readonly code: string },
): Promise<void> {
  const requester = await readAgent(parts, request)
  if (isFailed(requester)) throw problemFor(requester.refusal)
  const { agent, proof } = requester
  const digest = cancelledDigest(request.code) ?? ''
  await parts.storage.transaction(async (tx) => {
    await useProof(tx, proof)
    const own = await findDeferral(tx, digest)
    if (own?.agentId !== agent.id) return
    // INVARIANT: a cancellation needs the key, as a poll does.
    if (own.thumbprint !== null && own.thumbprint !== proof.thumbprint) throw wrongKey()
    await cancel(parts, tx, own, requester)
  })
}

async function cancel(
  parts: Pick<GrantParts, 'clock' | 'ledger'>,
  tx: Tx,
  { consentId, digest, flow, personId, taskId }: Deferral,
  { agent, assertion }: AuthenticatedRequester,
): Promise<void> {
  await useCredential(tx, assertion)
  const now = parts.clock.now()
  if (!(await markCancelled(tx, digest, now))) return
  if (consentId !== null && (await countWaitingFor(tx, consentId, now)) === 0)
    await withdrawConsent(tx, consentId, now)
  if (taskId !== null) await cancelRequests(parts, tx, [taskId], 'deferral.cancelled')
  await parts.ledger.append(tx, {
    type: 'deferral.cancelled',
    agent: agent.id,
    person: personId ?? undefined,
    facts: { flow, consent: consentId ?? undefined },
  })
}

function cancelledDigest(token: string): string | undefined {
  for (const kind of Object.values(KIND_OF)) {
    const digest = opaqueDigest(kind, token)
    if (digest !== undefined) return digest
  }
  return undefined
}

function wrongKey(): Problem {
  return new Problem('proof.wrong_key', 'the code is bound to another key')
}
