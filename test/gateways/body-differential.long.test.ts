import { randomInt } from 'node:crypto'
import { describe, it } from 'node:test'
import { CallComparison, compareGenerated } from '../differential/call-comparison.ts'
import { CADDY } from '../interop/caddy/gateway.ts'
import { type Counterpart, UnavailableSource } from '../interop/counterpart.ts'
import { ENVOY, ENVOY_GATEWAY, ISTIO } from '../interop/envoy/gateway.ts'
import { envoy } from '../interop/envoy/get.ts'
import { caddy, haproxy, nginx } from '../interop/gateways.ts'
import { HAPROXY } from '../interop/haproxy/gateway.ts'
import { NGINX } from '../interop/nginx/gateway.ts'
import { framedCalls, framedExamples } from './framed-calls.ts'
import { FramedGateway, isPlausible } from './framed-gateway.ts'
import { startStore } from './store.ts'
import type { Gateway } from './suite.ts'
import { TRANSPORTS } from './transport.ts'

/** Number of calls through each gateway in each version of HTTP: over 100,000 in all. `REMIT_FRAMED_RUNS` makes others. */
const CALLS = Number(process.env.REMIT_FRAMED_RUNS ?? 3_800)
/** `REMIT_BODY_SEED` makes the same calls again. */
const SEED = Number(process.env.REMIT_BODY_SEED ?? randomInt(2 ** 31))

const GATEWAYS: readonly (readonly [Counterpart, readonly Gateway[]])[] = [
  [nginx, [NGINX]],
  [caddy, [CADDY]],
  [haproxy, [HAPROXY]],
  [envoy, [...ENVOY, ...ENVOY_GATEWAY, ...ISTIO]],
]

describe('very many bodies through gateways of others', () => {
  for (const [counterpart, gateways] of GATEWAYS)
    for (const gateway of gateways)
      it(`section 6: behind ${gateway.name}, what rules and people saw, what the ledger has and what the API received are equal, or nothing is sent`, async (t) => {
        const missing = await bring(counterpart)
        if (missing) return t.skip(missing)
        const { sendsBodies } = gateway
        for (const transport of TRANSPORTS) {
          const store = await startStore('sqlite')
          try {
            await gateway.start(store)
            const framed = new FramedGateway(store, { sendsBodies, transport })
            const comparison = await CallComparison.start(store.world, framed)
            const given = { count: CALLS, seed: SEED, examples: framedExamples }
            await compareGenerated(comparison, framedCalls, given)
            await comparison.settle()
            const { counts } = comparison
            t.diagnostic(`${transport}, seed ${SEED}: ${JSON.stringify(counts)}`)
            isPlausible(counts, sendsBodies)
          } finally {
            await store.world.stop()
          }
        }
      })
})

/** Brings the program here. Answers why that was not possible. */
async function bring(counterpart: Counterpart): Promise<string | undefined> {
  try {
    Object.assign(process.env, await counterpart.get())
    return undefined
  } catch (error) {
    if (error instanceof UnavailableSource) return error.message
    throw error
  }
}
