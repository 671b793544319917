import type { IncomingMessage } from 'node:http'
import { checkCaller as callerProblem } from '../calls/index.ts'
import type { Action } from '../catalog/index.ts'
import { isUnfinished } from '../http/index.ts'
import type { Awaitable } from '../lib/pipeline.ts'
import { PipelineEnd } from './ended.ts'
import type { LocatedRequest } from './passage.ts'
import type { GatewayPorts } from './ports.ts'
import { presented } from './presented.ts'
import { refusal } from './refusal.ts'

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

/** Bytes of a body that cost less to read than it costs to check twice who sends it. */
const SMALL_BODY = 8_192

/** Checks whether a body is still to come, or so large that its sender has to be known first. */
export function isBodyCostly(message: IncomingMessage): Awaitable<boolean> {
  const isCostly = () => isUnfinished(message) || message.readableLength > SMALL_BODY
  const isSmall = Number(message.headers['content-length'] ?? 0) <= SMALL_BODY
  if (!isUnfinished(message) || !isSmall) return isCostly()
  // What is in the same packet is here in the next turn.
  return new Promise((resolve) => setImmediate(() => resolve(isCostly())))
}

/**
 * Ends the request of whoever does not pass gates 1 and 2; answers the task and agent of everybody else.
 * Nothing is used up.
 */
export async function refuseStranger(
  located: LocatedRequest & { action?: Action },
  ports: GatewayPorts,
): Promise<{ readonly task: string; readonly agent: string }> {
  const { action, audience, ip, resource } = located
  const caller = await callerProblem(ports.decisions, {
    ...presented(located, ports),
    resource,
    origin: { ip },
    ...(action ? { action } : {}),
  })
  if (caller.outcome === 'deny') throw new PipelineEnd(refusal(caller, audience ?? resource, ports))
  return caller
}
