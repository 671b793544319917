import { endCall } from '../../calls/calls/index.ts'
import { Problem } from '../../platform/lib/problem.ts'
import type { GatewayPorts } from './ports.ts'

type EndPorts = Pick<GatewayPorts, 'decisions' | 'log'>

/** Permitted calls of one request. */
type DecidedCalls = readonly { readonly decisionId: string }[]

/** Records one outcome for all calls that a request made. */
export async function endCalls(
  { decisions, log }: EndPorts,
  calls: DecidedCalls,
  ...[outcome, how]: EndOptions
): Promise<void> {
  await Promise.all(
    calls.map(async ({ decisionId }) => {
      const { late } = await endCall(decisions, decisionId, outcome, how)
      if (late !== undefined)
        log.error({ decision: decisionId, err: late }, 'an outcome is not stored yet')
    }),
  )
}

type EndOptions =
  Parameters<typeof endCall> extends [unknown, unknown, ...infer Rest] ? Rest : never

/**
 * Records that calls were provably not sent, which gives an approval back, and answers the problem. A failure that is not the caller's is
 * logged.
 */
export async function endUnsent(
  ports: EndPorts,
  calls: DecidedCalls,
  error: unknown,
): Promise<Problem> {
  const problem =
    error instanceof Problem ? error : new Problem('server.failed', 'the call was not sent')
  await endCalls(ports, calls, { state: 'not_sent', reason: problem.code })
  if (problem.status >= 500)
    ports.log.error({ decision: calls[0]?.decisionId, err: error }, 'a call was not sent')
  return problem
}
