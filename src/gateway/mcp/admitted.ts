import { type AdmissionRequest, type AdmittedRequest, admit } from '../../calls/index.ts'
import { Ended } from '../ended.ts'
import { presented } from '../presented.ts'
import { refusal } from '../refusal.ts'
import { isOwn, unknownSession } from './converse.ts'
import type { Placed } from './passage.ts'
import type { McpPorts } from './ports.ts'

/** Whoever sends what is no call: token, proof and what they stand on, and that the session is theirs. */
export async function admitted(
  placed: Placed,
  ports: McpPorts,
  record?: AdmissionRequest['record'],
): Promise<AdmittedRequest> {
  const { conversation, ip, resource } = placed
  const answer = await admit(ports.decisions, {
    ...presented(placed, ports),
    resource,
    origin: { ip },
    ...(record ? { record } : {}),
  })
  if (answer.outcome === 'deny') throw new Ended(refusal(answer, resource, ports))
  if (conversation && !isOwn(conversation, answer.task.id)) throw unknownSession()
  return answer
}
