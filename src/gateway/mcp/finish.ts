import { endCall, keepResult } from '../../calls/index.ts'
import { keptText } from '../../mcp-messages/index.ts'
import { MCP } from '../../net/index.ts'
import type { CompletedCall } from './call-steps.ts'
import type { McpPorts } from './ports.ts'

/**
 * Records the outcome, whatever it was, and then answers. A store that fails now cannot undo what
 * the server did, and a caller that is told of a failure repeats the call: so the answer is still
 * sent.
 */
export async function finish(done: CompletedCall, ports: McpPorts): Promise<CompletedCall> {
  await record(done, ports)
  done.answer.end(done.outcome.reply)
  return done
}

/** Records the outcome of a call. Never throws. */
export async function record(
  done: Pick<CompletedCall, 'outcome' | 'rpc' | 'verdict'>,
  ports: McpPorts,
): Promise<void> {
  const { reply: _, ...recorded } = done.outcome
  const { decisionId } = done.verdict
  const failing = (words: string) => (error: unknown) =>
    ports.log.error({ decision: decisionId, err: error }, words)
  await keep(done, ports).catch(failing('an answer was not kept'))
  const { late } = await endCall(ports.decisions, decisionId, recorded)
  if (late !== undefined) failing('an outcome is not stored yet')(late)
}

/**
 * Keeps the answer of an approved call: the call is not executed again, and a repeated request gets
 * this answer.
 */
async function keep(
  { outcome, rpc, verdict }: Pick<CompletedCall, 'outcome' | 'rpc' | 'verdict'>,
  { decisions }: McpPorts,
): Promise<void> {
  if (outcome.state !== 'answered' || verdict.requestId === undefined) return
  // A subscription that was, told again, would be none.
  if (rpc.method === MCP.subscribe) return
  await keepResult(decisions, verdict.decisionId, keptText(outcome.reply), verdict.obligations)
}
