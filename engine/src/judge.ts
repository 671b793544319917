/**
 * Judges one principal of a call by the policies: gates 4 and 5, by double evaluation (contract 3).
 */
import type { PolicyAnswer, PolicyQuery, PolicySet, Requestable } from './policy.ts'

export type Judgement =
  /** Permitted as it stands. */
  | { readonly verdict: 'permitted'; readonly policies: readonly string[] }
  /** Permitted once people have lifted exactly these forbids. */
  | {
      readonly verdict: 'liftable'
      readonly policies: readonly string[]
      readonly forbids: readonly Requestable[]
    }
  /** Denied by these forbids, or (none) because nothing permits it. */
  | { readonly verdict: 'denied'; readonly policies: readonly string[] }
  /** No answer that may be relied on. Never requestable. */
  | { readonly verdict: 'error'; readonly policies: readonly string[]; readonly note: string }

/**
 * Evaluates a principal, and when that denies, once more without `@requestable` forbids.
 * INVARIANT: an error in any policy that applies, in either evaluation, denies. Cedar itself would skip the policy: a
 * forbid that fails would then forbid nothing.
 */
export function judge(query: PolicyQuery, policies: PolicySet): Judgement {
  try {
    const full = policies.evaluate(query, 'nothing')
    if (full.errors.length > 0) return failed(full)
    if (full.permitted) return { verdict: 'permitted', policies: full.determining }
    const bare = policies.evaluate(query, 'requestable')
    if (bare.errors.length > 0) return failed(bare)
    if (!bare.permitted) return { verdict: 'denied', policies: bare.determining }
    return liftable(full, bare, policies)
  } catch (error) {
    return {
      verdict: 'error',
      policies: [],
      note: error instanceof Error ? error.message : String(error),
    }
  }
}

function failed({ errors }: PolicyAnswer): Judgement {
  const note = errors.map(({ policy, message }) => `${policy}: ${message}`).join('; ')
  return { verdict: 'error', policies: [...new Set(errors.map(({ policy }) => policy))], note }
}

/** The forbids that made the difference must all be ones that were loaded as requestable. */
function liftable(full: PolicyAnswer, bare: PolicyAnswer, policies: PolicySet): Judgement {
  const forbids = full.determining.map((id) => policies.requestable.get(id))
  const known = forbids.filter((forbid) => forbid !== undefined)
  if (known.length === 0 || known.length < forbids.length) {
    const note =
      'the evaluator denies, and permits without requestable forbids, though none of them determined the denial'
    return { verdict: 'error', policies: full.determining, note }
  }
  return { verdict: 'liftable', policies: bare.determining, forbids: known }
}
