import type { Awaitable } from '../../platform/lib/pipeline.ts'
import { Problem } from '../../platform/lib/problem.ts'
import { refuseStranger } from './check-caller.ts'
import type { LocatedRequest } from './passage.ts'
import type { GatewayPorts } from './ports.ts'

/**
 * A step that reads a request by the catalog. INVARIANT: what it refuses is told only to a caller whose credential holds: paths, names
 * and types of operations are nothing for strangers. The credential is looked at only where something is refused, so a call that goes on
 * pays nothing.
 */
export function toldToCallers<In extends LocatedRequest, Out>(
  step: (known: In, ports: GatewayPorts) => Awaitable<Out>,
): (known: In, ports: GatewayPorts) => Awaitable<Out> {
  return (known, ports) => {
    const refuseUnknown = async (error: unknown): Promise<never> => {
      if (error instanceof Problem && error.status < 500) await refuseStranger(known, ports)
      throw error
    }
    try {
      const done = step(known, ports)
      return done instanceof Promise ? done.catch(refuseUnknown) : done
    } catch (error) {
      return refuseUnknown(error)
    }
  }
}
