import type { IncomingMessage } from 'node:http'
import { shownCredential } from '../http/index.ts'
import type { PresentedPep } from '../policy/index.ts'

/** How an enforcement point says who it is: a secret (Bearer, or Basic with its name), or a JWT that it signed. */
export function presentedPep(message: IncomingMessage): PresentedPep | undefined {
  const shown = shownCredential(message)
  if (!shown) return undefined
  if (shown.scheme === 'basic') return { kind: 'secret', name: shown.name, secret: shown.secret }
  return shown.token.includes('.')
    ? { kind: 'assertion', jwt: shown.token }
    : { kind: 'secret', secret: shown.token }
}
