import { endCall, keepResult } from '../../calls/index.ts'
import type { CompletedCall } from './call-steps.ts'
import { keptText } from './people/told-again.ts'
import type { McpPorts } from './ports.ts'

/**
 * Records the outcome, whatever it was, and then answers. A store that fails now cannot undo what
 * the server did, and a caller that is told of a failure repeats the call: so the answer is still
 * sent.
 */
export async function finish(done: CompletedCall, ports: McpPorts): Promise<CompletedCall> {
  const { answer, outcome, verdict } = done
  const { reply, ...recorded } = outcome
  const { decisionId } = verdict
  const failing = (words: string) => (error: unknown) =>
    ports.log.error({ decision: decisionId, err: error }, words)
  await keep(done, ports).catch(failing('an answer was not kept'))
  const { late } = await endCall(ports.decisions, decisionId, recorded)
  if (late !== undefined) failing('an outcome is not stored yet')(late)
  answer.end(reply)
  return done
}

/**
 * Keeps the answer of an approved call: the call is not executed again, and a repeated request gets
 * this answer.
 */
async function keep({ outcome, verdict }: CompletedCall, { decisions }: McpPorts): Promise<void> {
  if (outcome.state !== 'answered' || verdict.requestId === undefined) return
  await keepResult(decisions, verdict.decisionId, keptText(outcome.reply), verdict.obligations)
}
