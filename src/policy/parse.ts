import { Problem } from '../lib/problem.ts'
import { exactJson, policyToJson } from './exact-integers.ts'
import { splitPolicies } from './policy-text.ts'

/** One policy, parsed. Plain data: it can come from another thread. */
export interface ParsedPolicy {
  readonly text: string
  /** Offset of `text` in the whole. */
  readonly start: number
  /** Cedar's JSON form, as text (`readExactJson`): that is quickest to hand over, and can be read piece by piece. */
  readonly json: string
}

/**
 * The policies of a text, parsed by Cedar.
 * @throws Problem `policy.invalid` for the first that does not parse
 */
export function parsePolicies(text: string): readonly ParsedPolicy[] {
  return splitPolicies(text).map((piece) => {
    const parsed = policyToJson(piece.text)
    if (parsed.type !== 'success') {
      throw new Problem('policy.invalid', parsed.errors[0]?.message ?? 'a policy cannot be parsed')
    }
    return { ...piece, json: exactJson(parsed.json) }
  })
}

/** Texts that were parsed last, oldest first: what was just checked for publishing is loaded next. */
const MOST_TEXTS = 4
const known = new Map<string, readonly ParsedPolicy[]>()

export function rememberParsed(text: string, policies: readonly ParsedPolicy[]): void {
  known.delete(text)
  known.set(text, policies)
  for (const oldest of known.keys()) {
    if (known.size <= MOST_TEXTS) break
    known.delete(oldest)
  }
}

export function recallParsed(text: string): readonly ParsedPolicy[] | undefined {
  return known.get(text)
}
