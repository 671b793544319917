import { Problem } from '../../../platform/lib/problem.ts'
import { endCalls, endUnsent } from '../end-calls.ts'
import { PipelineEnd } from '../ended.ts'
import type { GatewayPorts } from '../ports.ts'
import type { CompletedRequest, PermittedRequest } from './call-steps.ts'

type DecidedCalls = Pick<PermittedRequest, 'others' | 'verdict'>

const callsOf = ({ others = [], verdict }: DecidedCalls) => [verdict, ...others]

/**
 * Wraps a step behind the decision: a call that fails there was provably not sent, and is recorded
 * so (which gives an approval back).
 */
export function recordingFailure<In extends DecidedCalls, Out>(
  step: (known: In, ports: GatewayPorts) => Promise<Out>,
): (known: In, ports: GatewayPorts) => Promise<Out> {
  return async (known, ports) => {
    try {
      return await step(known, ports)
    } catch (error) {
      throw ended(await endUnsent(ports, callsOf(known), error), known.verdict.decisionId)
    }
  }
}

/**
 * Records the outcome, whatever it was. Throws a failure that the caller has not been told by a
 * status yet. A store that fails now cannot undo what the API did, and a caller that is told of a
 * failure repeats the call: so the caller still gets the result of the call.
 */
export async function recordOutcome<R extends DecidedCalls & Pick<CompletedRequest, 'forwarded'>>(
  done: R,
  ports: GatewayPorts,
): Promise<R> {
  const { cut, digest, latencyMs, problem, said, state, status, withheld } = done.forwarded
  const reason =
    (withheld?.problem ?? problem)?.code ?? (cut === undefined ? undefined : 'call.cut')
  const outcome = { state, status: withheld?.status ?? status, latencyMs, digest, reason, said }
  await endCalls(ports, callsOf(done), outcome, { isBehind: !withheld && status !== undefined })
  if (problem?.cause)
    ports.log.warn({ decision: done.verdict.decisionId, err: problem.cause }, problem.code)
  if (withheld) throw ended(withheld.problem, done.verdict.decisionId)
  if (status === undefined)
    throw ended(
      problem ?? new Problem('call.effect_unknown', 'the call ended before an answer'),
      done.verdict.decisionId,
    )
  return done
}

/** Answer for a permitted call that failed, with the id of its decision to look it up by. */
function ended(problem: Problem, decisionId: string): PipelineEnd {
  const { code, detail, members, status } = problem
  return new PipelineEnd({
    status,
    headers: {
      'remit-decision': decisionId,
      ...(code === 'upstream.busy' ? { 'retry-after': '1' } : {}),
    },
    problem: new Problem(code, detail, { members: { ...members, decision_id: decisionId } }),
  })
}
