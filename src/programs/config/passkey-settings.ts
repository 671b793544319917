import type { PasskeyAct } from '../../identity/passkeys/index.ts'
import { readBetween, readWords, setting } from '../../platform/lib/setting.ts'

const ACTS = [
  'critical',
  'high',
  'allowances',
  'policies',
  'keys',
  'approvers',
  'break_glass',
] as const satisfies readonly PasskeyAct[]

/** Settings of what people sign with passkeys. */
export const PASSKEY_SETTINGS = {
  passkeysFor: setting(
    'REMIT_PASSKEYS_FOR',
    '',
    `Acts that people have to sign with a passkey, separated by spaces: \`critical\` and \`high\` (approvals of calls of this risk class; \`high\` means both), \`allowances\`, \`policies\` (publishing), \`keys\` (rotating keys, sealing again), \`approvers\` (memberships and mappings of groups, new providers, people who are resumed, permitted passkeys, stand-ins), \`break_glass\` (approvals given alone in an emergency). Needs an issuer with a name. Empty: only what a policy says.`,
    readWords(ACTS),
  ),
  passkeyRecoveryHours: setting(
    'REMIT_PASSKEY_RECOVERY_HOURS',
    '24',
    'Waiting time, in hours, before a new first passkey that an administrator permitted can be enrolled. Its person is told at once, and can refuse it.',
    readBetween(1, 720),
  ),
  breakGlassMinutes: setting(
    'REMIT_BREAK_GLASS_MINUTES',
    '15',
    'Minutes for which a call can be sent that one person approved alone in an emergency (`@break_glass`).',
    readBetween(1, 60),
  ),
  breakGlassReviewHours: setting(
    'REMIT_BREAK_GLASS_REVIEW_HOURS',
    '24',
    'Hours in which an administrator has to review such an approval. After that, its giver gives no other one until it is reviewed.',
    readBetween(1, 168),
  ),
} as const
