import { ARGUMENT_LIMITS } from '@remit/engine'
import { Problem } from '../../platform/lib/problem.ts'

/** Change of one argument: a smaller number, or a list of which these items stay. */
export type Edit =
  | { readonly path: string; readonly text: string }
  | { readonly path: string; readonly keep: readonly number[] }

/**
 * Reads what an approver changed, strictly.
 * @throws Problem `approval.bad_edit`
 */
export function readEdits(value: unknown): readonly Edit[] {
  if (!Array.isArray(value) || value.length > MAX_EDITS) throw badEdit('it is no list of changes')
  return Array.from<unknown>(value).map((each) => {
    const { path, ...rest }: { path?: unknown; text?: unknown; keep?: unknown } = Object(each)
    if (typeof path !== 'string' || Object.keys(rest).length > 1)
      throw badEdit('a change is not valid')
    const { keep, text } = rest
    if (typeof text === 'string' && text.length <= 32) return { path, text }
    if (Array.isArray(keep) && keep.length <= ARGUMENT_LIMITS.items)
      return { path, keep: Array.from<unknown>(keep).map(wholeNumber) }
    throw badEdit('a change is not valid')
  })
}

const MAX_EDITS = 16

function wholeNumber(value: unknown): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value
  throw badEdit('a change is not valid')
}

export function badEdit(detail: string): Problem {
  return new Problem('approval.bad_edit', detail)
}
