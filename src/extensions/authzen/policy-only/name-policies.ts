import { createHash } from 'node:crypto'
import { idOf, isLink, nesting, splitPolicies } from '../../../policy/cedar/index.ts'
import { POLICY_LIMITS } from '../../../policy/policy/index.ts'

export interface NamedPolicies {
  readonly text: string
  /** Number of policies that had no id. */
  readonly made: number
}

/**
 * Names policies: each gets an `@id`. Cedar needs none, but answers and records here name the
 * policies they come from. An id that is made follows from the policy's own text, so it stays the
 * same when others come and go. Lines stay where they are.
 */
export function namePolicies(text: string): NamedPolicies {
  const taken = new Map<string, number>()
  let named = ''
  let end = 0
  let made = 0
  for (const piece of splitPolicies(text)) {
    // What cannot be read is refused afterwards, with its place.
    if (isLink(piece.text) || nesting(piece.text) > POLICY_LIMITS.nesting) continue
    if (idOf(piece.text) !== undefined) continue
    const digest = createHash('sha256').update(piece.text).digest('hex').slice(0, 12)
    const again = (taken.get(digest) ?? 0) + 1
    taken.set(digest, again)
    const id = `policy-${digest}${again === 1 ? '' : `-${again}`}`
    named += `${text.slice(end, piece.start)}@id("${id}") `
    end = piece.start
    made++
  }
  return { text: named + text.slice(end), made }
}
