import type { RefusalAnswer } from '../../calls/direct-calls/index.ts'
import { type Logger, logBug, toProblem } from '../../platform/http/index.ts'

/**
 * Turns anything thrown into a refusal. INVARIANT: never a permit. A gateway that we do not know is
 * refused by 403: a 401 would be told to its caller, whose credentials may be fine.
 */
export function failureAnswer(error: unknown, log: Logger): RefusalAnswer {
  const { bug, problem } = toProblem(error)
  if (bug !== undefined) logBug(log, bug)
  const { code, members, status } = problem
  const retry = status === 503 ? 1 : members.retry_after
  return {
    status: code === 'client.unauthenticated' ? 403 : status,
    headers: retry === undefined ? {} : { 'retry-after': `${retry}` },
    problem,
  }
}

/**
 * Writes the body that the caller of a denied call receives. Its `status` is the one that is sent (RFC
 * 9457 section 3.1.3), also where a gateway takes no other for a denial.
 */
export function deniedBody({ problem }: RefusalAnswer, status: number): string {
  return JSON.stringify({ ...problem.toJSON(), status })
}

/** Builds the headers that the caller of a denied call receives: of Remit, as `Remit-Answer` says, and not kept. */
export function deniedHeaders({ headers }: RefusalAnswer): Record<string, string> {
  return {
    'content-type': 'application/problem+json',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'remit-answer': 'own',
    ...headers,
  }
}
