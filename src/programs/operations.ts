import { OPERATIONS as CENTRE, type Operation, withParts } from '../console/api/index.ts'
import type { SignedAct } from '../console/operation-kit/operation.ts'
import {
  APPROVAL_SUGGESTION_OPERATIONS,
  POLICY_ANALYSIS_OPERATIONS,
  POLICY_SHADOW_OPERATIONS,
} from '../extensions/analysis/acts.ts'
import { POINT_OPERATIONS, type PointApi } from '../extensions/decision-points/acts.ts'
import { POLICY_SET_OPERATIONS, type PolicySetApi } from '../extensions/policy-only/acts.ts'
import {
  LEDGER_ERASURE_OPERATIONS,
  RETENTION_OPERATIONS,
  type RetentionApi,
} from '../extensions/retention/acts.ts'
import { CALLBACK_OPERATIONS, type CallbackApi } from '../extensions/submissions/acts.ts'

const ALL = [
  ...CENTRE,
  ...POINT_OPERATIONS,
  ...POLICY_ANALYSIS_OPERATIONS,
  ...POLICY_SHADOW_OPERATIONS,
  ...CALLBACK_OPERATIONS,
  ...POLICY_SET_OPERATIONS,
  ...APPROVAL_SUGGESTION_OPERATIONS,
  ...LEDGER_ERASURE_OPERATIONS,
  ...RETENTION_OPERATIONS,
]

/** Every operation, with its route and types: clients are typed by it. */
export type AnyOperation = (typeof ALL)[number]

/** The whole management API: every operation, who may call it, and whether it widens access. There is no other route. */
export const OPERATIONS: readonly Operation<never>[] = ALL

/** Every operation by id, with the act that `REMIT_PASSKEYS_FOR` calls it. */
export const SIGNED_OPERATIONS: ReadonlyMap<string, SignedAct | undefined> = new Map(
  OPERATIONS.map(({ id, signedAs }) => [id, signedAs]),
)

/** Parts that operations of extensions work with besides those of the API. */
export type ExtensionParts = Pick<CallbackApi, 'callbacks'> &
  Pick<PointApi, 'points'> &
  Pick<PolicySetApi, 'policySets'> &
  Pick<RetentionApi, 'retention'>

/** Makes all operations, ready to be registered. */
export function operationsWith(own: ExtensionParts): readonly Operation[] {
  return withParts(ALL, own)
}
