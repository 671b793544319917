import type { KnownClient } from '../../identity/machine-clients/index.ts'
import type { Candidates, EvaluationPlan } from './answering.ts'
import { OnlyAnswerer, type OnlyAnsweringParts } from './policy-only/index.ts'

/** An enforcement point that is answered by a policy-only set. */
export function policyOnly(
  parts: OnlyAnsweringParts,
  known: KnownClient<'pep'>,
): EvaluationPlan | Promise<EvaluationPlan> {
  const only = OnlyAnswerer.open(parts, known)
  return only instanceof Promise ? only.then(answeringBy) : answeringBy(only)
}

function answeringBy(only: OnlyAnswerer): EvaluationPlan {
  return {
    answer: (question) => only.answer(question),
    candidates(sought, question) {
      if (sought === 'action') return sortedFrom(only.set.actions)
      return sortedFrom(only.set.idsOf(question[sought].type))
    },
    book: (answered) => only.book(answered),
    stands: () => only.stands(),
    stillStands: () => only.stillStands(),
    withdraw: (id) => only.withdraw(id),
  }
}

/** `sorted` is in the order of code units. */
function sortedFrom(sorted: readonly string[]): Candidates {
  return function* (after) {
    for (let i = after === undefined ? 0 : firstAfter(sorted, after); i < sorted.length; i++) {
      const id = sorted[i]
      if (id !== undefined) yield id
    }
  }
}

function firstAfter(sorted: readonly string[], after: string): number {
  let [low, high] = [0, sorted.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((sorted[middle] ?? '') <= after) low = middle + 1
    else high = middle
  }
  return low
}
