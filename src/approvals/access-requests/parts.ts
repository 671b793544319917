import type { StepUp } from '@remit/engine'
import type { PasskeyRules } from '../../identity/passkeys/index.ts'
import type { Ledger } from '../../platform/ledger/index.ts'
import type { Clock } from '../../platform/lib/clock.ts'
import type { Random } from '../../platform/lib/random.ts'
import type { Storage } from '../../platform/storage/index.ts'

/** Parts that this room works with. Every act takes them first. */
export interface ApprovalParts {
  readonly storage: Storage
  readonly ledger: Pick<Ledger, 'append' | 'appendStep'>
  readonly clock: Clock
  readonly random: Random
  /** Sign-in that a yes to what widens access needs; absent: a session is enough. */
  readonly stepUp?: StepUp | undefined
  /** Acts that need a passkey; absent: none does. */
  readonly passkeys?: PasskeyRules | undefined
  /** Times in ms for which an approval given alone in an emergency can be used, and in which it has to be reviewed. */
  readonly breakGlass?: { readonly lifeMs: number; readonly reviewMs: number } | undefined
}
