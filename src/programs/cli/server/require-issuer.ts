import { CommandFailure } from '../failure.ts'
import { unreachableFailure } from './refused.ts'

const METADATA = '/.well-known/oauth-authorization-server'
const TIMEOUT_MS = 10_000

/**
 * Before anybody is told to sign in, or is sent to a page: a wrong address is told as that. A server that answers with a failure
 * of its own (5xx) may still be the right one.
 * @throws Failure there is no answer, or one of something else than a Remit issuer
 */
export async function requireIssuer(url: string): Promise<void> {
  const answer = await fetch(url + METADATA, {
    redirect: 'manual',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error: unknown) => {
    throw unreachableFailure(url, error)
  })
  if (answer.status >= 500) {
    await answer.body?.cancel()
    return
  }
  const metadata: unknown = await answer.json().catch(() => undefined)
  if (!answer.ok || !isMetadata(metadata)) {
    throw new CommandFailure('This is not a Remit issuer', {
      detail: `${url} answers, but it is not where people sign in; the gateway has an address of its own`,
      next: ['name the issuer (REMIT_ISSUER of the server) with --url or REMIT_URL'],
    })
  }
}

/** RFC 8414. */
function isMetadata(value: unknown): boolean {
  return (
    typeof value === 'object' &&
    value !== null &&
    'issuer' in value &&
    typeof value.issuer === 'string'
  )
}
