import { findDecision, keepResult, recordOutcome } from '../../decisions/index.ts'
import { printJson } from '../../lib/json.ts'
import type { Done } from './passage.ts'
import type { McpPorts } from './ports.ts'

/** The outcome, whatever it was, and then the answer. */
export async function finish(done: Done, ports: McpPorts): Promise<Done> {
  const { answer, outcome, verdict } = done
  const { reply, ...recorded } = outcome
  try {
    await keep(done, ports)
  } catch (error) {
    ports.log.error({ decision: verdict.decisionId, err: error }, 'an answer was not kept')
  } finally {
    await recordOutcome(ports.decisions, verdict.decisionId, recorded)
  }
  answer.end(reply)
  return done
}

/** What people approved is not executed again, so its answer is kept for whoever asks again. */
async function keep({ outcome, verdict }: Done, { decisions }: McpPorts): Promise<void> {
  if (outcome.state !== 'answered' || outcome.reply.kind !== 'result') return
  const decision = await findDecision(decisions.storage.read, verdict.decisionId)
  if (decision?.requestId == null) return
  await keepResult(decisions, verdict.decisionId, printJson(outcome.reply.result))
}
