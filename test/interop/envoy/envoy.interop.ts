import { join } from 'node:path'
import { fillIn, placesOf, portsIn } from '../../gateways/filled-in.ts'
import { behind } from '../../gateways/suite.ts'
import { startServerProgram } from '../server-process.ts'

const programs = process.env.REMIT_INTEROP_ENVOY
if (!programs) throw new Error('run these tests by `npm run test:interop`')

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
      const end = await startServerProgram({
        name: 'Envoy',
        program: join(programs, 'envoy'),
        args: ['-c', file, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'warning'],
        cwd: folder,
        url: new URL(store.identifier).origin,
        status: 404,
        startsWithinMs: 30_000,
      })
      store.world.onStop(end)
    },
  })
