import { join } from 'node:path'
import type { Store } from '../../gateways/store.ts'
import { startServerProgram } from '../server-process.ts'

const programs = process.env.REMIT_INTEROP_ENVOY
if (!programs) throw new Error('run these tests by `npm run test:interop`')
const program = join(programs, 'envoy')

/** Starts Envoy in front of a store, with a configuration that lies in `folder`. It ends with the store. */
export async function startEnvoy(store: Store, folder: string, file: string): Promise<void> {
  const end = await startServerProgram({
    name: 'Envoy',
    program,
    args: ['-c', file, '--concurrency', '1', '--use-dynamic-base-id', '-l', 'warning'],
    cwd: folder,
    url: new URL(store.identifier).origin,
    status: 404,
    startsWithinMs: 30_000,
  })
  store.world.onStop(end)
}
