import { fromBase64url, sha256url } from '../../platform/lib/bytes.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { Secret } from '../../platform/lib/secret.ts'
import { MINUTE } from '../../platform/lib/time-units.ts'
import type { PeopleParts } from '../people/index.ts'
import { insertCliCode, takeCliCode } from './cli-code-store.ts'
import { openSessionIn } from './open-session.ts'
import type { Session } from './session.ts'
import { newToken, tokenDigest } from './token.ts'

export const CLI_CODE_LIFE_MS = MINUTE

/**
 * A code that hands the CLI its own session after the person said yes in the browser (contract 10; RFC 8252 for native
 * apps). It goes to a loopback address only, and is worth nothing without the verifier that the CLI kept (RFC 7636,
 * S256). `challenge` and `redirectUri` come from the CLI. Throws `cli_code.bad_request`.
 */
export async function issueCliCode(
  parts: PeopleParts,
  request: {
    personId: string
    authTime: number
    sid?: string | null
    challenge: string
    redirectUri: string
  },
): Promise<Secret> {
  const { personId, authTime, sid = null, challenge, redirectUri } = request
  if (fromBase64url(challenge)?.byteLength !== 32)
    throw new Problem('cli_code.bad_request', '`code_challenge` is no SHA-256 in base64url')
  if (!isLoopback(redirectUri))
    throw new Problem('cli_code.bad_request', '`redirect_uri` must be http on 127.0.0.1 or [::1]')
  const { token, digest } = newToken(parts.random)
  const expiresAt = parts.clock.now() + CLI_CODE_LIFE_MS
  await parts.storage.transaction((tx) =>
    insertCliCode(tx, { digest, personId, challenge, redirectUri, authTime, expiresAt, sid }),
  )
  return token
}

/**
 * Turns a code into a session of the kind `cli`. The code is used up by the first attempt, right or wrong.
 * Throws `cli_code.invalid`, `person.suspended`.
 */
export async function redeemCliCode(
  parts: PeopleParts,
  { code, verifier, redirectUri }: { code: string; verifier: string; redirectUri: string },
): Promise<{ token: Secret; session: Session }> {
  const digest = tokenDigest(code)
  const opened = await parts.storage.transaction(async (tx) => {
    const stored = digest === undefined ? undefined : await takeCliCode(tx, digest)
    const valid =
      stored !== undefined &&
      stored.expiresAt > parts.clock.now() &&
      stored.challenge === sha256url(verifier) &&
      stored.redirectUri === redirectUri
    return valid ? openSessionIn(parts, tx, { ...stored, kind: 'cli' }) : undefined
  })
  if (!opened)
    throw new Problem('cli_code.invalid', 'this code is unknown, used or older than a minute')
  return opened
}

/** A literal loopback address: `localhost` may resolve to something else (RFC 8252 section 8.3). */
function isLoopback(redirectUri: string): boolean {
  const url = URL.parse(redirectUri)
  return (
    url !== null &&
    url.href === redirectUri &&
    url.protocol === 'http:' &&
    (url.hostname === '127.0.0.1' || url.hostname === '[::1]') &&
    !url.username &&
    !url.password &&
    !url.hash &&
    !url.search
  )
}
