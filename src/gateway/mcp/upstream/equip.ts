import { endCall } from '../../../calls/index.ts'
import { Problem } from '../../../lib/problem.ts'
import { Redactor } from '../../../lib/redaction/redactor.ts'
import type { PermittedCall, PreparedCall } from '../call-steps.ts'
import { RpcAnswer } from '../ended.ts'
import type { McpPorts } from '../ports.ts'
import { failedCall, META } from '../tool-error.ts'
import { peerOf } from './peer.ts'

/**
 * Adds to the call the server to send it to, with its connection's credential and, inside the trust
 * domain, a transaction token.
 */
export async function equip(permitted: PermittedCall, ports: McpPorts): Promise<PreparedCall> {
  const { rpc, resource, verdict } = permitted
  try {
    const { peer, secrets } = await peerOf(resource, verdict, ports)
    return { ...permitted, peer, redactor: new Redactor(secrets) }
  } catch (error) {
    const { decisionId } = verdict
    const reason = error instanceof Problem ? error.code : 'server.failed'
    await endCall(ports.decisions, decisionId, { state: 'not_sent', reason })
    ports.log.error({ decision: decisionId, err: error }, 'a call was not sent')
    const text = `Not executed: the call could not be sent, for a reason on the gateway's side. The same call can be made again later. Decision ${decisionId}.`
    throw new RpcAnswer(failedCall(rpc, text, { [META.decision]: decisionId }))
  }
}
