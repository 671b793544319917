import type { LiveView } from '../../../platform/revocation/index.ts'
import type { Call } from '../../../tasks/facts/index.ts'
import type { CallerIdentity, KnownIdentity } from '../identify.ts'
import type { CallParts } from '../parts.ts'
import type { Requestable, Verdict } from '../verdict.ts'

/** A request that got the answer *requestable*, and who made it. */
interface HeldCall {
  readonly call: Call
  readonly who: KnownIdentity
}

/**
 * Calls that are held, by the very verdict that was given. None can be made up, none outlives
 * its request, and none leaves this process: a replica that goes away takes its held calls with it,
 * and the agent sends a new request.
 */
const heldCalls = new WeakMap<Requestable, HeldCall>()

/** Remembers what a verdict answers, where the same request may go on later. */
export function holding(call: Call, who: CallerIdentity, verdict: Verdict): Verdict {
  if (verdict.outcome === 'requestable' && who.known) heldCalls.set(verdict, { call, who })
  return verdict
}

/** Foundation of a held request. */
export interface HeldCallRequest {
  /** End of the token that the request came with, or of its task, in epoch milliseconds: later, no answer of people leads on. */
  readonly until: number
  /** Views for `Live.pin`. */
  readonly views: readonly LiveView[]
  /** Tells whether all that the request stands on is as it was. Where not, `decideHeld` tells what has ended. Does no I/O. */
  lives(): boolean
}

/** Answers what the request of this verdict stands on; a verdict that holds nothing is over. */
export function heldRequest(
  { live }: Pick<CallParts, 'live'>,
  verdict: Requestable,
): HeldCallRequest {
  const whoOf = () => heldCalls.get(verdict)?.who
  const who = whoOf()
  return {
    until: who ? Math.min(who.claims.exp * 1000, who.held.task.deadline) : 0,
    views: who ? [who.view] : [],
    lives: () => {
      const now = whoOf()
      return now !== undefined && live.holds(now.view)
    },
  }
}

/**
 * Takes the caller of the request that got this verdict.
 * INVARIANT: once, and for that request only: the proof that was used up for it stands for nothing
 * else.
 * @throws TypeError for another call, a verdict that was taken before, or one that was not given
 * here
 */
export function takeHeld(call: Call, held: Requestable): KnownIdentity {
  const known = heldCalls.get(held)
  if (!known) throw new TypeError('nothing is held by this verdict, or it went on before')
  if (known.call !== call) throw new TypeError('the verdict is that of another call')
  heldCalls.delete(held)
  return known.who
}
