import assert from 'node:assert/strict'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import { filledIn } from '../../gateways/filled-in.ts'
import type { Store } from '../../gateways/store.ts'

/** Objects of Envoy's configuration or of Kubernetes, as JSON has them. */
export type Fields = { readonly [name: string]: unknown }

interface Resource {
  readonly kind: string
  readonly metadata?: { readonly name: string; readonly namespace: string }
  readonly spec: Fields
  /** Values of a secret. */
  readonly stringData?: Readonly<Record<string, string>>
}

/** Reads the resources of a file of `deploy/gateways`, with the store's secret where one belongs. */
export function resourcesIn(file: string, places: Readonly<Record<string, string>>): Resource[] {
  // as: checked where it is read
  return parseAllDocuments(filledIn(file, places)).map((each) => each.toJS() as Resource)
}

/** Finds the only resource of a kind, or the one with a name. */
export function theOne(resources: readonly Resource[], kind: string, name?: string): Resource {
  const [one, ...more] = resources.filter(
    (each) => each.kind === kind && (name === undefined || each.metadata?.name === name),
  )
  assert.ok(one && more.length === 0, `one ${kind}`)
  return one
}

/** Checks that a part of a file says nothing that its translation here leaves out. */
export function saysNoMore(rest: Fields): void {
  assert.deepEqual(rest, {})
}

/** Ports of the store by those that its services have in Kubernetes. */
export function portsOf({ grpc, http, world }: Store): ReadonlyMap<number, number> {
  const portOf = (origin: string) => Number(new URL(origin).port)
  return new Map([
    [7490, portOf(http)],
    [7491, portOf(`http://${grpc}`)],
    [9000, portOf(world.echo.origin)],
  ])
}

/** Builds a cluster of one endpoint here. Istio and Envoy Gateway tell Envoy the endpoints by EDS. */
export function clusterOf(name: string, port: number | undefined, isGrpc: boolean): Fields {
  assert.ok(port !== undefined, name)
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: port } } }
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  return {
    name,
    connect_timeout: '10s',
    load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: [{ endpoint }] }] },
    ...(isGrpc && {
      typed_extension_protocol_options: {
        [options]: {
          '@type': `type.googleapis.com/${options}`,
          explicit_http_config: { http2_protocol_options: {} },
        },
      },
    }),
  }
}

/** A filter of Envoy by its type. */
export function filterOf(name: string, type: string, config: Fields): Fields {
  const typed = { '@type': `type.googleapis.com/envoy.extensions.filters.${type}`, ...config }
  return { name, typed_config: typed }
}

/** Writes Envoy's configuration with one listener at the store's public address. */
export function writeEnvoy(
  { identifier }: Store,
  manager: Fields,
  clusters: readonly Fields[],
): string {
  const address = { address: '127.0.0.1', port_value: Number(new URL(identifier).port) }
  const connections = filterOf(
    'envoy.filters.network.http_connection_manager',
    'network.http_connection_manager.v3.HttpConnectionManager',
    { stat_prefix: 'public', ...manager },
  )
  const listener = {
    name: 'public',
    address: { socket_address: address },
    // The smaller default of both: bodies have to get past it.
    per_connection_buffer_limit_bytes: 32_768,
    filter_chains: [{ filters: [connections] }],
  }
  const folder = mkdtempSync(join(tmpdir(), 'gateway-'))
  const config = { static_resources: { listeners: [listener], clusters } }
  writeFileSync(join(folder, 'envoy.json'), JSON.stringify(config))
  return folder
}
