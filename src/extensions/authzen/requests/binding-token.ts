import { base64url, fromBase64url } from '../../../platform/lib/bytes.ts'
import { Problem } from '../../../platform/lib/problem.ts'
import type { AuthzenPorts } from '../ports.ts'

const ASSOCIATED_DATA = 'authzen/binding-token'
const MAX_TOKEN = 512

type SealingPorts = Pick<AuthzenPorts, 'master'>

/**
 * Names a denial in a way that only Remit can write (ARAP, Binding Token Integrity). Everything that it binds is stored with the
 * denial, and for how long; so it holds the id alone, sealed.
 */
export function bindingToken({ master }: SealingPorts, evaluationId: string): string {
  return base64url(master.seal(evaluationId, ASSOCIATED_DATA))
}

/** Id of the evaluation that a token names; nothing where it is none of ours. */
export function evaluationOf({ master }: SealingPorts, token: unknown): string | undefined {
  const sealed = typeof token === 'string' && token.length <= MAX_TOKEN && fromBase64url(token)
  if (!sealed || sealed.byteLength === 0) return undefined
  try {
    return Buffer.from(master.open(sealed, ASSOCIATED_DATA)).toString()
  } catch (error) {
    if (error instanceof Problem) return undefined
    throw error
  }
}
