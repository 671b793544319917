import type { Action } from '../catalog/index.ts'
import { checkCaller as callerProblem } from '../decisions/index.ts'
import { isUnfinished } from '../http/index.ts'
import { Ended } from './ended.ts'
import type { Located } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import { presented } from './presented.ts'
import { refusal } from './refusal.ts'

/**
 * Credential and proof before a body is waited for: a stranger is refused before anything is kept of what they send. A body that has
 * arrived with its head costs nothing more, and is decided on at once.
 */
export async function checkCaller<T extends Located & { action?: Action }>(
  located: T,
  ports: GatewayPorts,
): Promise<T> {
  if (!isUnfinished(located.message)) return located
  const { action, ip, resource } = located
  const denied = await callerProblem(ports.decisions, {
    ...presented(located, ports),
    resource,
    origin: { ip },
    ...(action ? { action } : {}),
  })
  if (denied) throw new Ended(refusal(denied, resource, ports))
  return located
}
