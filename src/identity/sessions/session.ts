import { MINUTE } from '../../platform/lib/time-units.ts'
import type { SignInProof } from './step-up.ts'

/** `browser`: answers and confirms. `cli`: manages, but answers nothing (contract 10). */
export type SessionKind = 'browser' | 'cli'

/** A person who is signed in at Remit. Known to us by the digest of a token that only the holder has. Times: epoch ms. */
export interface Session {
  readonly digest: string
  readonly personId: string
  readonly kind: SessionKind
  /** Time when the person last signed in: what the provider says, else when it said anything. */
  readonly authTime: number
  readonly createdAt: number
  readonly lastSeenAt: number
  readonly expiresAt: number
  /** Id that the provider gave its own session; `null`: it gave none. */
  readonly sid: string | null
  /** Proof of the sign-in, only what the provider said of it. */
  readonly proved: SignInProof
}

/** Longest life of a session, whatever happens in it. */
export const SESSION_LIFE_MS = 12 * 60 * MINUTE
/** A browser that did nothing for so long has to sign in again. */
export const BROWSER_IDLE_MS = 60 * MINUTE
