import type { Call } from '../../../tasks/facts/index.ts'
import { decideFor } from '../decide-call.ts'
import { identifyAgain } from '../identify.ts'
import type { CallParts } from '../parts.ts'
import type { Requestable, Verdict } from '../verdict.ts'
import { holding, takeHeld } from './held-call.ts'

/**
 * Decides a request that waited for people: it is identified and decided again, on everything as it
 * is now, and without a second proof. `held` must be the verdict that this very `call` object got,
 * and works once; a verdict that is requestable again can be held again.
 * @throws TypeError for any other verdict or call: a mistake of ours, never something a caller sent
 */
export async function decideHeld(
  parts: CallParts,
  call: Call,
  held: Requestable,
): Promise<Verdict> {
  const who = await identifyAgain(parts, call, takeHeld(call, held))
  return holding(call, who, await decideFor(parts, call, who, true))
}
