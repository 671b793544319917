import { reach, type ShapeKind } from '../../catalog/argument-types/index.ts'
import type { Answers } from '../../catalog/catalog/index.ts'
import { isSettled } from './amount.ts'
import type { Limit } from './limit.ts'

const FITS: Readonly<Record<'charged' | 'rows', readonly ShapeKind[]>> = {
  charged: ['any', 'number', 'string'],
  rows: ['any', 'list'],
}

/**
 * Tells why a limit could never be settled: answers of its action never have an amount there, as
 * far as their description says. Such a limit would keep its reservations for ever. `undefined`:
 * it can, or that is not known.
 */
export async function misfitOfAnswers(
  limits: readonly Limit[],
  answers: Pick<Answers, 'of'>,
): Promise<string | undefined> {
  for (const limit of limits.filter(isSettled)) {
    const shape = await answers.of(limit.action)
    const reached = shape && reach(shape, limit.path)
    if (!reached) continue
    const at = `answers of ${limit.action} at \`${limit.path}\``
    // What else there would be is not for every agent that asks for a budget.
    if (!reached.there) return `${at} have no \`${reached.missing}\``
    if (!FITS[limit.kind].some((kind) => reached.kinds.has(kind)))
      return `${at} have no ${limit.kind === 'rows' ? 'list' : 'number'}`
  }
  return undefined
}
