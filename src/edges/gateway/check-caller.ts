import { checkCaller as callerProblem } from '../../calls/calls/index.ts'
import type { Action } from '../../catalog/catalog/index.ts'
import { isBodyCostly } from '../../platform/bodies/index.ts'
import type { SlotHolders } from '../../platform/lib/under-way/held-places.ts'
import { PipelineEnd } from './ended.ts'
import type { LocatedRequest } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import { presented } from './presented.ts'
import { refusalAnswer } from './refusal.ts'

/**
 * Checks credential and proof before it waits for the body: a stranger is refused before anything
 * they send is kept. A small body that came with its head costs nothing more, and is decided on at
 * once: its sender is checked once.
 */
export async function checkCaller<T extends LocatedRequest & { action?: Action }>(
  located: T,
  ports: GatewayPorts,
): Promise<T> {
  if (await isBodyCostly(located.message)) await refuseStranger(located, ports)
  return located
}

/**
 * Ends the request of a caller that does not pass gates 1 and 2; answers the task, agent and person of others.
 * Nothing is used up.
 */
export async function refuseStranger(
  located: LocatedRequest & { action?: Action },
  ports: GatewayPorts,
): Promise<SlotHolders> {
  const { action, audience, ip, resource } = located
  const caller = await callerProblem(ports.decisions, {
    ...presented(located, ports),
    resource,
    origin: { ip },
    ...(action ? { action } : {}),
  })
  if (caller.outcome === 'deny')
    throw new PipelineEnd(refusalAnswer(caller, audience ?? resource, ports))
  return caller
}
