import { endCall, keepResult } from '../../../calls/calls/index.ts'
import { keptText } from '../../../calls/mcp-messages/index.ts'
import { MCP } from '../../../platform/net/index.ts'
import type { CompletedCall } from './call-steps.ts'
import type { McpPorts } from './ports.ts'

/**
 * Answers, and records the outcome, whatever it was. The outcome of an approved call is recorded first: the client may ask
 * again at once, and a task that has ended is never told as working again. A store that fails now cannot undo what the
 * server did, and a caller that is told of a failure repeats the call: so the answer is still sent.
 */
export async function finish(done: CompletedCall, ports: McpPorts): Promise<AnsweredCall> {
  const isApproved = done.verdict.requestId !== undefined
  if (isApproved) await record(done, ports)
  done.answer.end(done.outcome.reply)
  return { recorded: isApproved ? undefined : record(done, ports, { isBehind: true }) }
}

/** A call whose caller has the answer. `recorded` never rejects. */
interface AnsweredCall {
  readonly recorded: Promise<void> | undefined
}

/** Records the outcome of a call. Never throws. */
export async function record(
  done: RecordedCall,
  ports: McpPorts,
  how: Parameters<typeof endCall>[3] = {},
): Promise<void> {
  const { reply, ...recorded } = done.outcome
  const { decisionId } = done.verdict
  const failing = (words: string) => (error: unknown) =>
    ports.log.error({ decision: decisionId, err: error }, words)
  if (isKept(done))
    await keepResult(ports.decisions, decisionId, keptText(reply), done.verdict.obligations).catch(
      failing('an answer was not kept'),
    )
  const { late } = await endCall(ports.decisions, decisionId, recorded, how)
  if (late !== undefined) failing('an outcome is not stored yet')(late)
}

type RecordedCall = Pick<CompletedCall, 'outcome' | 'rpc' | 'verdict'>

/** Checks whether a repeated request gets this answer: that of an approved call, which is not executed again. */
function isKept({ outcome, rpc, verdict }: RecordedCall): boolean {
  // A subscription that was, told again, would be none.
  return (
    outcome.state === 'answered' && verdict.requestId !== undefined && rpc.method !== MCP.subscribe
  )
}
