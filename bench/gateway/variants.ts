import type { OpenTask } from '../../src/programs/cli/agent/client.ts'
import type { DecisionSet } from '../harness/decided.ts'
import type { Cores } from '../harness/machine.ts'
import { type Remit, startRemit } from '../harness/remit.ts'
import { CONNECTIONS, type Way } from '../harness/way.ts'
import { gatewayGet } from './get-way.ts'
import type { Upstream } from './upstream.ts'

/** Number of calls of a run in which nobody calls twice. */
export const CROWD = 1_000

export const STRANGERS = 'gateway, each call of another task, person, key and token'
export const NONCES = 'gateway, every proof with a nonce of the server'

/** A way with a server of its own. */
export interface Variant {
  readonly way: Way
  readonly remit: Remit
  /** Number of calls in each run, where the time does not say it. */
  readonly calls?: number
}

/** Starts what the usual load spares the server: everything it has seen before is remembered. */
export async function startVariants(of: {
  cores: Cores
  upstream: Upstream
  decided: () => DecisionSet
}): Promise<readonly Variant[]> {
  const { cores, decided, upstream } = of
  const api = `http://127.0.0.1:${upstream.port}`
  const strangers = await startRemit({ cores, upstream: api, crowd: CROWD })
  const nonces = await startRemit({
    ...{ cores, upstream: api },
    env: { REMIT_DPOP_NONCES: 'always' },
  })
  const way = (name: string, remit: Remit, tasks: readonly OpenTask[], isNonced = false) =>
    gatewayGet({ name, remit, upstream, decided: decided(), isNonced }, tasks)
  return [
    {
      remit: strangers,
      way: way(STRANGERS, strangers, await strangers.openTasks(CROWD)),
      calls: CROWD,
    },
    { remit: nonces, way: way(NONCES, nonces, await nonces.openTasks(CONNECTIONS), true) },
  ]
}
