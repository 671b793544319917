import type { MasterKey } from '../../platform/keys/index.ts'
import { base64url, fromBase64url, sha256url } from '../../platform/lib/bytes.ts'
import { canonicalJson } from '../../platform/lib/canonical-json.ts'
import type { JsonObject } from '../../platform/lib/json.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'

/** Time in which a client may make the call again with the state that it got, in milliseconds. */
export const STATE_LIVES_MS = 15 * MINUTE
/** Maximum length of a state: it travels in a body, and some clients keep it. */
const MAX_STATE = 2_000

type Sealer = Pick<MasterKey, 'seal' | 'open'>

/** The call that a state belongs to, and to no other (2026-07-28, "Multi Round-Trip Requests"). */
export interface StatefulCall {
  readonly resource: string
  readonly method: string
  /** Parameters as they are decided on. */
  readonly params: JsonObject
}

/** State that a client gives back with the same call. Attackers have it in hand, so it is sealed. */
export interface SealedState {
  /** Task whose call it is. INVARIANT: of no use to any other. */
  readonly task: string
  /** Epoch milliseconds. */
  readonly expiresAt: number
  /** Origin of the question: people who have to approve the call, or its server. */
  readonly of: 'people' | 'server'
  /** State of the server, which it gets back. */
  readonly server?: string
}

/** Seals a state for one call; `undefined`: it would be too long. */
export function sealState(
  master: Sealer,
  call: StatefulCall,
  { expiresAt, of, server, task }: SealedState,
): string | undefined {
  const text = JSON.stringify([task, callDigest(call), expiresAt, of, server ?? null])
  const state = base64url(master.seal(text, requestStatePlace(call.resource)))
  return state.length > MAX_STATE ? undefined : state
}

/** Opens a state. `undefined`: not sealed here, for another call, or past its time. */
export function openState(
  master: Sealer,
  call: StatefulCall,
  state: string,
  now: number,
): SealedState | undefined {
  const sealed = state.length <= MAX_STATE ? fromBase64url(state) : undefined
  if (!sealed) return undefined
  let parts: unknown[]
  try {
    parts = JSON.parse(
      Buffer.from(master.open(sealed, requestStatePlace(call.resource))).toString(),
    )
  } catch {
    return undefined
  }
  const [task, digest, expiresAt, of, server] = parts
  if (typeof task !== 'string' || typeof expiresAt !== 'number') return undefined
  if (digest !== callDigest(call) || now >= expiresAt) return undefined
  const known = { task, expiresAt, of: of === 'server' ? of : 'people' } as const
  return typeof server === 'string' ? { ...known, server } : known
}

function callDigest({ method, params }: StatefulCall): string {
  return sha256url(canonicalJson([method, params]))
}

function requestStatePlace(resource: string): string {
  return `mcp/request-state/${resource}`
}
