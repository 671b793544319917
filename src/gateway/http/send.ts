import { groundOf, mayContinue, stillLive } from '../../calls/index.ts'
import { reshapeFor } from '../obligations/reshape.ts'
import type { GatewayPorts } from '../ports.ts'
import { slotHolders } from '../upstream-slots.ts'
import type { CompletedRequest, PreparedRequest } from './call-steps.ts'
import { forward } from './forward.ts'
import { noSlot } from './upstream-failure.ts'

/** Sends and streams. The last liveness check is in the tick of the first byte; a change later on cuts the answer. */
export async function send(
  equipped: PreparedRequest,
  ports: GatewayPorts,
): Promise<CompletedRequest> {
  const { outgoing, reply, verdict } = equipped
  const slot = ports.slots.take(outgoing.origin, slotHolders(verdict))
  if (!slot)
    return { ...equipped, forwarded: { state: 'not_sent', problem: noSlot(), latencyMs: 0 } }
  const ground = {
    views: groundOf(verdict),
    lives: () => mayContinue(ports.decisions, verdict),
  }
  const forwarded = await forward(outgoing, reply, {
    dispatcher: ports.dispatcher,
    clock: ports.decisions.clock,
    patience: ports.patience,
    mayStart: () => stillLive(ports.decisions, verdict),
    mayContinue: ground.lives,
    reshape: reshapeFor(verdict.obligations, () => ports.master.derive('obligation-hash')),
    settles: verdict.settles.length > 0,
    onCut: (cut) => ports.running.watch(ground, cut),
  }).finally(slot)
  return { ...equipped, forwarded }
}
