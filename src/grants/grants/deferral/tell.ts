import { type Repetition, repeat, type Wait } from '../../../platform/lib/repeat.ts'
import type { Outbound } from '../../../platform/net/index.ts'
import type { GrantParts } from '../parts.ts'
import { deferralPlace } from '../pipeline/defer.ts'
import { claimTelling, type ResolvedDeferral, resolvedToTell } from '../pipeline/deferral-store.ts'

const EVERY_MS = 1_000
/** The agent has its code by then. */
const NOT_BEFORE_MS = 1_000
const AT_ONCE = 50
const LIMITS = { timeoutMs: 3_000, maxBytes: 4_096 }

export interface TellingParts extends Pick<GrantParts, 'clock' | 'ledger' | 'master' | 'storage'> {
  readonly outbound: Pick<Outbound, 'fetch'>
}

/**
 * Tells agents that what they wait for has an answer: a hint to ask now, once, without the answer. Who does not hear it asks all the
 * same. The code goes in the body and the agent's own token in the header, never in the address; redirects are not followed.
 */
export function keepTelling(
  parts: TellingParts,
  options: { readonly onError: (error: unknown) => void; readonly wait?: Wait },
): Repetition {
  return repeat(() => tellResolved(parts), { everyMs: EVERY_MS, ...options })
}

/** One round. */
export async function tellResolved(parts: TellingParts): Promise<void> {
  const { clock, storage } = parts
  const now = clock.now()
  const found = { before: now - NOT_BEFORE_MS, now, limit: AT_ONCE }
  const resolved = await resolvedToTell(storage.read, found)
  await Promise.all(resolved.map((each) => tellClient(parts, each)))
}

async function tellClient(parts: TellingParts, resolved: ResolvedDeferral): Promise<void> {
  const { clock, ledger, master, outbound, storage } = parts
  const { agentId: agent, at, code, digest, flow, token } = resolved
  const open = (sealed: Uint8Array) =>
    Buffer.from(master.open(sealed, deferralPlace(digest))).toString('utf8')
  // INVARIANT: first the claim: a message that may have arrived is not sent again, and a cancelled request is not told.
  if (!(await storage.transaction((tx) => claimTelling(tx, digest, clock.now())))) return
  const name = flow === 'ciba' ? 'auth_req_id' : 'deferral_code'
  const sent = await outbound
    .fetch(
      at,
      {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          ...(token === null ? {} : { authorization: `Bearer ${open(token)}` }),
        },
        body: JSON.stringify({ [name]: open(code) }),
      },
      LIMITS,
    )
    .then(
      ({ status }) => ({ outcome: status < 300 ? 'told' : 'refused', status }),
      () => ({ outcome: 'failed', status: undefined }),
    )
  await storage.transaction((tx) =>
    ledger.append(tx, {
      type: 'deferral.told',
      agent,
      outcome: sent.outcome,
      facts: { flow, status: sent.status },
    }),
  )
}
