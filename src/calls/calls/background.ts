import type { Repetition } from '../../platform/lib/repeat.ts'
import { keepForgetting } from './held-calls/kept-result.ts'
import type { CallParts } from './parts.ts'
import { keepRecovering } from './recover.ts'

/** Starts what goes on by itself about calls, by name. */
export function runCalls(
  parts: CallParts,
  options: { readonly onError: (error: unknown) => void },
): Readonly<Record<string, Repetition>> {
  return {
    recovering: keepRecovering(parts, options),
    'kept results': keepForgetting(parts, options),
  }
}
