import { failedCall, META, RpcAnswer } from '../../../../calls/mcp-messages/index.ts'
import { findLogging, quietLogging } from '../../../../calls/mcp-sessions/index.ts'
import { Redactor } from '../../../../platform/lib/redaction/redactor.ts'
import { type Reshape, reshapeFor } from '../../../../policy/obligations/index.ts'
import { endUnsent } from '../../end-calls.ts'
import type { EquippedPeer, SendableCall } from '../call-steps.ts'
import type { McpPorts } from '../ports.ts'
import { upstreamPeer } from './peer.ts'

/**
 * Adds to the call the server to send it to, with its connection's credential and, inside the trust
 * domain, a transaction token.
 */
export async function injectServerCredential<C extends EquippedCall>(
  permitted: C,
  ports: McpPorts,
): Promise<C & EquippedPeer> {
  const { rpc, resource, verdict } = permitted
  try {
    const looking = loggingOf(permitted, ports)
    const [{ peer, secrets }, logging] = await Promise.all([
      upstreamPeer(resource, verdict, ports),
      looking,
    ])
    return { ...permitted, ...logging, peer, redactor: new Redactor(secrets) }
  } catch (error) {
    const { decisionId } = verdict
    await endUnsent(ports, [verdict], error)
    const text = `Not executed: the call could not be sent, for a reason on the gateway's side. The same call can be made again later. Decision ${decisionId}.`
    throw new RpcAnswer(failedCall(rpc, text, { [META.decision]: decisionId }))
  }
}

type EquippedCall = Pick<SendableCall, 'conversation' | 'resource' | 'rpc' | 'verdict'>

/**
 * Finds the least level of log messages that a session wants; a single request says its own.
 * INVARIANT: before a call is sent of which policies leave something out, the stream of its session
 * tells no log messages any more, at any replica: it is not known of which call they speak.
 */
async function loggingOf(
  { conversation: { key, task }, verdict }: EquippedCall,
  ports: McpPorts,
): Promise<Pick<SendableCall, 'logLevel'>> {
  const { storage } = ports.decisions
  const found = task === undefined ? undefined : await findLogging(storage.read, key)
  if (!found) return {}
  if (!found.quiet && reshapeOf({ verdict }, ports)) await quietLogging(storage, key)
  return { logLevel: found.level }
}

/** Changes that policies require of the answer to a call; `undefined`: none. */
export function reshapeOf(
  { verdict }: Pick<SendableCall, 'verdict'>,
  { master }: McpPorts,
): Reshape | undefined {
  return reshapeFor(verdict.obligations, () => master.derive('obligation-hash'))
}
