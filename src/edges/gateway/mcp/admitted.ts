import { type AdmittedRequest, admit } from '../../../calls/calls/index.ts'
import { PipelineEnd } from '../ended.ts'
import { presented } from '../presented.ts'
import { refusalAnswer } from '../refusal.ts'
import type { PlacedCall } from './call-steps.ts'
import { isOwn, unknownSession } from './find-conversation.ts'
import type { McpPorts } from './ports.ts'

/**
 * Admits the sender of a message that is no call: checks token, proof and the state they depend on,
 * and that the session is the sender's.
 */
export async function admitted(
  placed: PlacedCall,
  ports: McpPorts,
  record?: Parameters<typeof admit>[1]['record'],
): Promise<AdmittedRequest> {
  const { audience, conversation, ip, resource } = placed
  const answer = await admit(ports.decisions, {
    ...presented(placed, ports),
    resource,
    origin: { ip },
    ...(record ? { record } : {}),
  })
  if (answer.outcome === 'deny')
    throw new PipelineEnd(refusalAnswer(answer, audience ?? resource, ports))
  if (conversation && !isOwn(conversation, answer.task.id)) throw unknownSession()
  return answer
}
