import type { Detail } from '@remit/engine'
import type { IssuingSettings } from '../../../identity/machine-clients/index.ts'
import type { ProblemCode } from '../../../platform/lib/problem.ts'
import type { LiveView } from '../../../platform/revocation/index.ts'

/** An authorization server of others that asks before it issues (AuthZEN token issuance profile). */
export interface IssuingAsker extends IssuingSettings {
  readonly pep: string
  /** Catalog names; `null`: all. */
  readonly resources: readonly string[] | null
  /** View that its right to ask rests on. */
  readonly view: LiveView
}

/** Someone as it names them. */
export interface AskedParty {
  readonly type: 'user' | 'client' | 'workload'
  readonly id: string
}

/** One tuple, taken apart. */
export type Tuple =
  | { readonly kind: 'gate'; readonly action: string; readonly audience: string }
  | { readonly kind: 'scope'; readonly scope: string; readonly audience: string }
  | { readonly kind: 'cell'; readonly action: string; readonly location: string }

export interface IssuanceQuestion {
  readonly subject: AskedParty
  readonly tuple: Tuple
}

/** One request: about one token, or several that come together. */
export interface IssuanceRequest {
  readonly questions: readonly IssuanceQuestion[]
  /** Client that authenticated. Counts where no requesting party is asked about. */
  readonly clientId: string | undefined
  /** True when the token will be bound to a key. */
  readonly bound: boolean
  readonly ip: string
  /** Id of the one of several sponsor grants that counts, for a token that represents no person. */
  readonly sponsorGrant: string | undefined
  /** Id of the token that is to be minted, so that two logs can be joined. */
  readonly tokenId: string | undefined
}

/** Shape that a permit gives the token (profile, `context.issuance`). Every member narrows. */
export interface TokenShape {
  /** Seconds. */
  readonly tokenLifetime?: number
  /** All that may be granted where no scope was asked about; may be empty. */
  readonly grantedScope?: string
  readonly details?: readonly Detail[]
  /** Scopes that hold within bounds only; the server has to say so in the token, or issue none. */
  readonly within?: readonly Detail[]
}

export type IssuanceAnswer =
  | { readonly permitted: true; readonly shaping: TokenShape }
  | { readonly permitted: false; readonly reason: ProblemCode }

export function no(reason: ProblemCode): IssuanceAnswer {
  return { permitted: false, reason }
}
