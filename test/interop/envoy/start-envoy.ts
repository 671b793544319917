import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Store } from '../../gateways/store.ts'
import { writeCertificate } from '../certificate.ts'
import { startServerProgram } from '../server-process.ts'

/** Starts Envoy in front of a store, with a configuration that lies in `folder`. It ends with the store. */
export async function startEnvoy(store: Store, folder: string, file: string): Promise<void> {
  const programs = process.env.REMIT_INTEROP_ENVOY
  if (!programs) throw new Error('run these tests by `npm run test:interop`')
  listenForHttp2(store, folder, join(folder, file))
  const end = await startServerProgram({
    name: 'Envoy',
    program: join(programs, 'envoy'),
    args: ['-c', 'all.json', '--concurrency', '1', '--use-dynamic-base-id', '-l', 'warning'],
    cwd: folder,
    url: new URL(store.identifier).origin,
    status: 404,
    startsWithinMs: 30_000,
  })
  store.world.onStop(end)
}

/** Has Envoy listen at the store's ports for HTTP/2, too, as its configuration says for the public one. */
function listenForHttp2({ ports }: Store, folder: string, file: string): void {
  const [, h2c, tls] = ports
  const { cert, key } = writeCertificate(folder)
  const config = parse(readFileSync(file, 'utf8'))
  const [listener] = config.static_resources.listeners
  const { address, filter_chains: chains } = listener
  const at = (port: number | undefined) => ({
    socket_address: { ...address.socket_address, port_value: port },
  })
  const type = 'envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext'
  const context = {
    alpn_protocols: ['h2', 'http/1.1'],
    tls_certificates: [{ certificate_chain: { filename: cert }, private_key: { filename: key } }],
  }
  const typed = { '@type': `type.googleapis.com/${type}`, common_tls_context: context }
  const withTls = [
    {
      ...chains[0],
      transport_socket: { name: 'envoy.transport_sockets.tls', typed_config: typed },
    },
  ]
  config.static_resources.listeners.push(
    { ...listener, name: 'h2c', address: at(h2c) },
    { ...listener, name: 'h2', address: at(tls), filter_chains: withTls },
  )
  writeFileSync(join(folder, 'all.json'), JSON.stringify(config))
}
