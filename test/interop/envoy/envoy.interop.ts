import { join } from 'node:path'
import { fillIn } from '../../gateways/filled-in.ts'
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
      const portOf = (address: string) => `port_value: ${address.split(':').at(-1)}`
      const folder = fillIn(store, [`envoy/${file}`], {
        'port_value: 8080': portOf(store.identifier.replace('/store', '')),
        'port_value: 9000': portOf(store.world.echo.origin),
        ...(file === 'grpc.yaml'
          ? { 'port_value: 7484': portOf(store.grpc) }
          : { 'port_value: 7483': portOf(store.http) }),
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
