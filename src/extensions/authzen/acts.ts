import { type Operation, withParts } from '../../console/api/index.ts'
import { POLICY_SET_OPERATIONS, type PolicySetApi } from './policy-only/acts.ts'
import { CALLBACK_OPERATIONS, type CallbackApi } from './submissions/acts.ts'

export const AUTHZEN_OPERATIONS = [...CALLBACK_OPERATIONS, ...POLICY_SET_OPERATIONS]

/** Makes the operations ready. */
export function authzenOperations(
  own: Pick<CallbackApi, 'callbacks'> & Pick<PolicySetApi, 'policySets'>,
): readonly Operation[] {
  return withParts(AUTHZEN_OPERATIONS, own)
}
