import { fillIn, placesOf, portsIn } from '../../gateways/filled-in.ts'
import type { Store } from '../../gateways/store.ts'
import type { Gateway } from '../../gateways/suite.ts'
import { asEnvoyGateway } from './as-envoy-gateway.ts'
import { asIstio } from './as-istio.ts'
import { startEnvoy } from './start-envoy.ts'

const FILES = [
  ['gRPC', 'grpc.yaml'],
  ['HTTP', 'http.yaml'],
] as const

/** Envoy by the files for it. */
export const ENVOY: readonly Gateway[] = FILES.map(([protocol, file]) => ({
  name: `Envoy, over ${protocol}`,
  sendsBodies: true,
  getThrough: 50,
  start: (store) => startEnvoy(store, filledFor(store, file), file),
}))

/** Envoy as Envoy Gateway configures it. */
export const ENVOY_GATEWAY: readonly Gateway[] = (
  [
    ['', false],
    [', patched to send bodies as bytes', true],
  ] as const
).map(([how, withBodies]) => ({
  name: `Envoy as Envoy Gateway configures it${how}`,
  sendsBodies: withBodies,
  getThrough: 50,
  start: (store) => startEnvoy(store, asEnvoyGateway(store, { withBodies }), 'envoy.json'),
}))

/** Envoy as Istio configures it. */
export const ISTIO: readonly Gateway[] = FILES.map(([protocol, file]) => ({
  name: `Envoy as Istio configures it, over ${protocol}`,
  sendsBodies: true,
  getThrough: 50,
  start: (store) => startEnvoy(store, asIstio(store, file, { patched: true }), 'envoy.json'),
}))

function filledFor(store: Store, file: string): string {
  const portOf = (origin: string) => new URL(origin).port
  return fillIn([`envoy/${file}`], {
    ...placesOf(store),
    ...portsIn({
      7490: portOf(store.http),
      7491: portOf(`http://${store.grpc}`),
      8080: portOf(store.identifier),
      9000: portOf(store.world.echo.origin),
    }),
  })
}
