import type { ModuleEdge } from '../module.ts'
import { serveHttp } from './http/serve-http.ts'
import type { ExtAuthzPorts } from './ports.ts'

/** The edge that gateways of others ask: forward-auth and ext_authz. */
export function createExtAuthz(ports: ExtAuthzPorts): ModuleEdge {
  const stops: (() => Promise<void>)[] = []
  return {
    async listen() {
      if (ports.http) stops.push(await serveHttp(ports, ports.http))
      if (!ports.grpc) return
      // Most servers need none of it, and it takes memory and time to load.
      const { serveGrpc } = await import('./grpc/serve-grpc.ts')
      stops.push(await serveGrpc(ports, ports.grpc))
    },
    async stop() {
      await Promise.all(stops.splice(0).map((stop) => stop()))
    },
  }
}
