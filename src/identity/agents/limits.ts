import { type Detail, type DetailType, parseDetails } from '@remit/engine'
import { Problem } from '../../platform/lib/problem.ts'
import type { TrustLevel } from './agent.ts'

/** Reads `remit_call` details from outside. Throws `agent.bad_ceiling`. */
export function readCeiling(value: unknown): Detail[] {
  return readDetails(value, 'remit_call', 'ceiling')
}

/** Reads `remit_delegate` details, or `null` for "whatever it holds". Throws `agent.bad_ceiling`. */
export function readMayDelegate(value: unknown): Detail[] | null {
  return value === null ? null : readDetails(value, 'remit_delegate', 'may_delegate')
}

/** Throws `agent.bad_trust`. */
export function readTrust(value: unknown): TrustLevel {
  if (value !== 0 && value !== 1 && value !== 2 && value !== 3)
    throw new Problem('agent.bad_trust', 'a trust level is 0, 1, 2 or 3')
  return value
}

function readDetails(value: unknown, type: DetailType, name: string): Detail[] {
  const parsed = parseDetails(value, type)
  if (!parsed.ok) throw new Problem('agent.bad_ceiling', `\`${name}\`: ${parsed.reason}`)
  return parsed.details
}
