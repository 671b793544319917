import { mayContinue, stillLive } from '../../decisions/index.ts'
import { reshapeFor } from '../obliged/reshape.ts'
import type { GatewayPorts } from '../ports.ts'
import { forward } from './forward.ts'
import type { Done, Equipped } from './passage.ts'

/** Sends and streams. The last liveness check is in the tick of the first byte; a change later on cuts the answer. */
export async function send(equipped: Equipped, ports: GatewayPorts): Promise<Done> {
  const { outgoing, reply, verdict } = equipped
  const forwarded = await forward(outgoing, reply, {
    dispatcher: ports.dispatcher,
    clock: ports.decisions.clock,
    patience: ports.patience,
    mayStart: () => stillLive(ports.decisions, verdict),
    reshape: reshapeFor(verdict.obligations, () => ports.master.derive('obligation-hash')),
    settles: verdict.settles.length > 0,
    onCut: (cut) => ports.running.watch(() => mayContinue(ports.decisions, verdict), cut),
  })
  return { ...equipped, forwarded }
}
