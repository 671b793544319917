import { endCall, keepResult } from '../../calls/index.ts'
import type { CompletedCall } from './passage.ts'
import { keptText } from './people/told-again.ts'
import type { McpPorts } from './ports.ts'

/**
 * The outcome, whatever it was, and then the answer. A store that fails now cannot undo what the server did, and whoever is told of a
 * failure does it again: so the answer is told all the same.
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

/** What people approved is not executed again, so its answer is kept for whoever asks again. */
async function keep({ outcome, verdict }: CompletedCall, { decisions }: McpPorts): Promise<void> {
  if (outcome.state !== 'answered' || verdict.requestId === undefined) return
  await keepResult(decisions, verdict.decisionId, keptText(outcome.reply), verdict.obligations)
}
