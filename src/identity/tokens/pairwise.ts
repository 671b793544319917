import { createHmac } from 'node:crypto'
import type { MasterKey } from '../../platform/keys/index.ts'

const PREFIX = 'pairwise_'

/** Tells whether a name belongs to one audience alone. */
export function isPairwise(subject: string): boolean {
  return subject.startsWith(PREFIX)
}

const keys = new WeakMap<object, Uint8Array>()

/**
 * The name that a person has at one audience and nowhere else (as OpenID Connect Core section 8.1 has it for clients): the same for ever, and
 * no two APIs can tell by it that they serve the same person.
 */
export function pairwiseSubject(
  master: Pick<MasterKey, 'derive'>,
  of: { readonly audience: string; readonly personId: string },
): string {
  const key = keys.get(master) ?? master.derive('pairwise subjects')
  keys.set(master, key)
  const { audience, personId } = of
  const mac = createHmac('sha256', key).update(`${audience}\0${personId}`)
  return PREFIX + mac.digest('base64url')
}
