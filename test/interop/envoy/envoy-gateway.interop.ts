import { behind } from '../../gateways/suite.ts'
import { asEnvoyGateway } from './as-envoy-gateway.ts'
import { startEnvoy } from './start-envoy.ts'

for (const [how, withBodies] of [
  ['', false],
  [', patched to send bodies as bytes', true],
] as const)
  behind({
    name: `Envoy as Envoy Gateway configures it${how}`,
    sendsBodies: withBodies,
    getThrough: 50,
    start: (store) => startEnvoy(store, asEnvoyGateway(store, { withBodies }), 'envoy.json'),
  })
