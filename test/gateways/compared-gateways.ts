import { CallComparison, type Counts, compareGenerated } from '../differential/call-comparison.ts'
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
import type { Transport } from './transport.ts'

/** A configuration of a gateway of others, and the program that it needs. */
export interface ComparedConfiguration {
  readonly program: Counterpart
  readonly gateway: Gateway
}

/** Configurations whose bodies are compared. Traefik and Kong are not among them: no registry that is used here has them. */
export const CONFIGURATIONS: readonly ComparedConfiguration[] = [
  { program: nginx, gateway: NGINX },
  { program: caddy, gateway: CADDY },
  { program: haproxy, gateway: HAPROXY },
  ...[...ENVOY, ...ENVOY_GATEWAY, ...ISTIO].map((gateway) => ({ program: envoy, gateway })),
]

/** Brings the program here. Answers why that was not possible. */
export async function bring(program: Counterpart): Promise<string | undefined> {
  try {
    Object.assign(process.env, await program.get())
    return undefined
  } catch (error) {
    if (error instanceof UnavailableSource) return error.message
    throw error
  }
}

/** Compares so many generated calls through a gateway in one version of HTTP, in a world of their own. */
export async function compareThrough(
  gateway: Gateway,
  transport: Transport,
  { count, seed }: { readonly count: number; readonly seed: number },
): Promise<Counts> {
  const { sendsBodies } = gateway
  const store = await startStore('sqlite')
  try {
    await gateway.start(store)
    const framed = new FramedGateway(store, { sendsBodies, transport })
    const comparison = await CallComparison.start(store.world, framed)
    await compareGenerated(comparison, framedCalls, { count, seed, examples: framedExamples })
    await comparison.settle()
    isPlausible(comparison.counts, sendsBodies)
    return comparison.counts
  } finally {
    await store.world.stop()
  }
}
