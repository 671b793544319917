import { footingOf } from '../../../calls/calls/index.ts'
import { slotHolders } from '../../../platform/lib/under-way/held-places.ts'
import { reshapeFor } from '../../../policy/obligations/index.ts'
import type { GatewayPorts } from '../ports.ts'
import type { CompletedRequest, PreparedRequest } from './call-steps.ts'
import { forward } from './forward.ts'
import type { AnswerTarget } from './outgoing.ts'
import { noSlot } from './upstream-failure.ts'

/** Sends and streams. The last liveness check is in the tick of the first byte; a change later on cuts the answer. */
export async function send<
  R extends Pick<PreparedRequest, 'others' | 'outgoing' | 'verdict'> & { reply: AnswerTarget },
>(equipped: R, ports: GatewayPorts): Promise<R & Pick<CompletedRequest, 'forwarded'>> {
  const { outgoing, others = [], reply, verdict } = equipped
  const all = [verdict, ...others]
  const slot = await ports.slots.takeSoon(outgoing.origin, slotHolders(verdict))
  if (!slot)
    return { ...equipped, forwarded: { state: 'not_sent', problem: noSlot(), latencyMs: 0 } }
  const footing = footingOf(ports.decisions, all)
  const forwarded = await forward(outgoing, reply, {
    dispatcher: ports.dispatcher,
    clock: ports.decisions.clock,
    patience: ports.patience,
    mayStart: footing.mayStart,
    startsAgain: footing.startsAgain,
    mayContinue: footing.lives,
    again: footing.again,
    reshape: reshapeFor(
      all.flatMap(({ obligations }) => obligations),
      () => ports.master.derive('obligation-hash'),
    ),
    settles: all.some(({ settles }) => settles.length > 0),
    onCut: (cut) => ports.running.watch(footing, cut),
  }).finally(slot)
  return { ...equipped, forwarded }
}
