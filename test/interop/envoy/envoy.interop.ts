import { fillIn, placesOf, portsIn } from '../../gateways/filled-in.ts'
import { behind } from '../../gateways/suite.ts'
import { startEnvoy } from './start-envoy.ts'

for (const [protocol, file] of [
  ['gRPC', 'grpc.yaml'],
  ['HTTP', 'http.yaml'],
] as const)
  behind({
    name: `Envoy, over ${protocol}`,
    sendsBodies: true,
    getThrough: 50,
    async start(store) {
      const portOf = (origin: string) => new URL(origin).port
      const folder = fillIn([`envoy/${file}`], {
        ...placesOf(store),
        ...portsIn({
          7490: portOf(store.http),
          7491: portOf(`http://${store.grpc}`),
          8080: portOf(store.identifier),
          9000: portOf(store.world.echo.origin),
        }),
      })
      await startEnvoy(store, folder, file)
    },
  })
