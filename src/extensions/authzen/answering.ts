import type { AnsweredRequest } from '../../calls/calls/index.ts'
import type { Decision } from './answer.ts'
import type { Question } from './question.ts'

/** Part of a question that may be left out, because it is searched for. */
export type SearchedPart = 'subject' | 'resource' | 'action'

/**
 * Ids that could be an answer, in an order that does not change: from the first after `after` on.
 */
export type Candidates = (after: string | undefined) => Iterable<string>

/** A question that is all of its request: people can be asked about it, and what they said can be shown with it. */
export interface SingleQuestion {
  /** Made when it is needed: most questions need no people. */
  readonly bindingHash: () => string
}

/** Answers the questions of one request for one enforcement point. */
export interface EvaluationPlan {
  /** Looks at all questions of a request before the first is answered; for answers that depend on each other. */
  begin?(questions: readonly Question[]): Promise<void>
  /** @throws Problem for a fault of the question itself */
  answer(question: Question, alone?: SingleQuestion): Decision | Promise<Decision>
  /**
   * Lists whom or what to try in a search.
   * INVARIANT: nothing that the enforcement point may not know of; a candidate shows only when it
   * is permitted.
   */
  candidates(sought: SearchedPart, question: Question): Candidates | Promise<Candidates>
  /**
   * Durable before anyone hears of the answers. Of a single question: the answer itself; what comes back is the answer where what
   * that one rested on was used up in the same moment.
   */
  book(answered: AnsweredRequest, single?: Decision): Promise<Decision | undefined>
  /** INVARIANT, second look: what no longer stands in the tick in which it is answered permits nothing. Nothing is awaited after it. */
  stands(): boolean
  /**
   * Looks again where the last look said no, and reads the live state again: a lease that ran out is no change. INVARIANT: when it
   * says true, nothing was awaited since the check.
   * @throws Problem `live.lease_over`, `server.clock_off`
   */
  stillStands(): Promise<boolean>
  withdraw(id: AnsweredRequest['id']): Promise<void>
}

/**
 * Looks again at answers whose last look said no, and withdraws those that do not hold, or may not.
 * @throws Problem `live.lease_over`, `server.clock_off`
 */
export async function standsAgain(
  plan: Pick<EvaluationPlan, 'stillStands' | 'withdraw'>,
  id: AnsweredRequest['id'],
): Promise<boolean> {
  let isSo = false
  try {
    isSo = await plan.stillStands()
    return isSo
  } finally {
    if (!isSo) await plan.withdraw(id)
  }
}
