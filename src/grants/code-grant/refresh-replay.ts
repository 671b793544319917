import {
  findRefreshToken,
  opaqueDigest,
  type RefreshToken,
  unusedRefreshStep,
  useRefreshStep,
} from '../../identity/opaque-tokens/index.ts'
import type { SealedColumn } from '../../platform/keys/index.ts'
import type { Step } from '../../platform/storage/index.ts'
import type { GrantParts } from '../grants/index.ts'

/** Successor of a refresh token that was exchanged for no other, as policies let none be issued. */
const NONE = ''

/** Uses a refresh token up, and keeps what it is exchanged for in the same update. */
export function exchangeStep(
  { clock, master, storage }: Pick<GrantParts, 'clock' | 'master' | 'storage'>,
  { digest }: Pick<RefreshToken, 'digest'>,
  successor: string | undefined,
): Step {
  const sealed = master.seal(successor ?? NONE, refreshTokenPlace({ digest }))
  return useRefreshStep(storage.read, { digest, now: clock.now(), successor: sealed })
}

/**
 * Finds the token that a used refresh token was exchanged for, while that is unused: the
 * answer may have been lost on its way, and a client that slept comes back hours later. `step`
 * holds it to that. Never a second family: it is the token that was issued then. `reused`: a client
 * got the answer, so there are two who hold the token. `none`: there was nothing to lose.
 */
export async function lostSuccessor(
  { master, storage }: Pick<GrantParts, 'master' | 'storage'>,
  { digest, successor }: Pick<RefreshToken, 'digest' | 'successor'>,
): Promise<{ readonly token: string; readonly step: Step } | 'none' | 'reused'> {
  if (successor === null) return 'reused'
  const token = Buffer.from(master.open(successor, refreshTokenPlace({ digest }))).toString('utf8')
  if (token === NONE) return 'none'
  const next = opaqueDigest('remit_rt', token)
  const kept = next === undefined ? undefined : await findRefreshToken(storage.read, next)
  if (next === undefined || !kept || kept.usedAt !== null) return 'reused'
  return { token, step: unusedRefreshStep(storage.read, next) }
}

/** Associated data that a successor is sealed with. */
export function refreshTokenPlace({ digest }: Pick<RefreshToken, 'digest'>): string {
  return `refresh_tokens/${digest}`
}

/** Columns of this room that are sealed. */
export const CODE_GRANT_SEALED: readonly SealedColumn[] = [
  {
    table: 'refresh_tokens',
    column: 'successor',
    key: 'digest',
    associatedData: ({ digest = '' }) => refreshTokenPlace({ digest }),
  },
]
