import assert from 'node:assert/strict'
import type { Store } from '../../gateways/store.ts'
import {
  clusterOf,
  type Fields,
  filterOf,
  portsOf,
  resourcesIn,
  saysNoMore,
  theOne,
  writeEnvoy,
} from './kubernetes.ts'

interface Backend {
  readonly name: string
  readonly namespace?: string
  readonly port: number
}

interface SecurityPolicy {
  readonly targetRefs: readonly [{ readonly name: string }]
  readonly extAuth: {
    readonly failOpen: boolean
    readonly timeout: string
    readonly grpc: { readonly backendRefs: readonly [Backend] }
    readonly bodyToExtAuth: { readonly maxRequestBytes: number }
    readonly contextExtensions: readonly {
      readonly name: string
      readonly value?: string
      readonly valueRef?: { readonly name: string; readonly key: string }
    }[]
  }
}

interface HttpRoute {
  readonly hostnames: readonly string[]
  readonly rules: readonly [
    {
      readonly matches: readonly [
        { readonly path: { readonly type: 'Exact' | 'PathPrefix'; readonly value: string } },
      ]
      readonly filters?: readonly [
        { readonly responseHeaderModifier: { readonly remove: readonly string[] } },
      ]
      readonly backendRefs: readonly [Backend]
    },
  ]
}

interface ClientTrafficPolicy {
  readonly path: { readonly escapedSlashesAction: string; readonly disableMergeSlashes: boolean }
  readonly headers: { readonly withUnderscoresAction: string }
}

interface JsonPatch {
  readonly operation: {
    readonly op: 'add'
    readonly jsonPath: string
    readonly path: string
    readonly value: unknown
  }
}

const ACTIONS: Readonly<Record<string, string>> = { RejectRequest: 'REJECT_REQUEST' }
const EXT_AUTHZ = 'envoy.filters.http.ext_authz'

/**
 * Writes Envoy's configuration as Envoy Gateway 1.9 does (`internal/xds/translator`). The settings
 * are those of the files of `deploy/gateways`. `withBodies`: with the patch for them.
 */
export function asEnvoyGateway(
  store: Store,
  { withBodies }: { readonly withBodies: boolean },
): string {
  const all = resourcesIn('envoy-gateway/remit.yaml', {
    REMIT_ENFORCER_SECRET: store.secret,
    'api.example.com': new URL(store.identifier).hostname,
  })
  const policy = theOne(all, 'SecurityPolicy')
  const { extAuth, targetRefs } = policy.spec as unknown as SecurityPolicy // as: the file's own shape
  const id = `securitypolicy/${policy.metadata?.namespace}/${policy.metadata?.name}`
  const filter = `${EXT_AUTHZ}/${id}`
  const asked = `${id}/extauth/0`
  const textOf = ({ value = '', valueRef }: (typeof extAuth.contextExtensions)[number]) =>
    valueRef ? (theOne(all, 'Secret', valueRef.name).stringData?.[valueRef.key] ?? '') : value
  const extensions = extAuth.contextExtensions.map((each) => [each.name, textOf(each)] as const)
  const settings = { context_extensions: Object.fromEntries(extensions) }
  const perRoute = 'type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute'

  const ports = portsOf(store)
  const clusters = [clusterOf(asked, ports.get(extAuth.grpc.backendRefs[0].port), true)]
  const domains = new Set<string>()
  const routes = all
    .filter(({ kind }) => kind === 'HTTPRoute')
    .map(({ metadata, spec }) => {
      const { hostnames, rules } = spec as unknown as HttpRoute // as: the file's own shape
      for (const host of hostnames) domains.add(host)
      const [{ backendRefs, filters, matches, ...rest }] = rules
      saysNoMore(rest)
      const { type, value } = matches[0].path
      const cluster = `httproute/${metadata?.namespace}/${metadata?.name}/rule/0`
      clusters.push(clusterOf(cluster, ports.get(backendRefs[0].port), false))
      return {
        match: type === 'Exact' ? { path: value } : { path_separated_prefix: value },
        route: { cluster, upgrade_configs: [{ upgrade_type: 'websocket' }] },
        ...(filters && {
          response_headers_to_remove: filters[0].responseHeaderModifier.remove,
        }),
        ...(metadata?.name === targetRefs[0].name && {
          typed_per_filter_config: { [filter]: { '@type': perRoute, check_settings: settings } },
        }),
      }
    })
  const client = theOne(all, 'ClientTrafficPolicy').spec as unknown as ClientTrafficPolicy // as: the file's own shape
  const built = askOf(extAuth, asked)
  const ask = withBodies ? patched(filter, built) : built
  const manager = {
    use_remote_address: true,
    server_header_transformation: 'PASS_THROUGH',
    normalize_path: true,
    merge_slashes: !client.path.disableMergeSlashes,
    path_with_escaped_slashes_action: ACTIONS[client.path.escapedSlashesAction],
    common_http_protocol_options: {
      headers_with_underscores_action: ACTIONS[client.headers.withUnderscoresAction],
    },
    route_config: {
      ignore_port_in_host_matching: true,
      virtual_hosts: [{ name: 'store/store/http/api', domains: [...domains], routes }],
    },
    http_filters: [
      { ...filterOf(filter, 'http.ext_authz.v3.ExtAuthz', ask), disabled: true },
      filterOf('envoy.filters.http.router', 'http.router.v3.Router', {
        suppress_envoy_headers: true,
      }),
    ],
  }
  return writeEnvoy(store, manager, clusters)
}

function askOf(extAuth: SecurityPolicy['extAuth'], cluster: string): Fields {
  const { bodyToExtAuth, contextExtensions, failOpen, grpc, timeout, ...rest } = extAuth
  saysNoMore(rest)
  const { name, namespace, port } = grpc.backendRefs[0]
  const authority = `${name}.${namespace}:${port}`
  return {
    transport_api_version: 'V3',
    failure_mode_allow: failOpen,
    with_request_body: { max_request_bytes: bodyToExtAuth.maxRequestBytes },
    grpc_service: { envoy_grpc: { cluster_name: cluster, authority }, timeout },
  }
}

/** Patches the filter as the patch for bodies says. */
function patched(filter: string, config: Fields): Fields {
  const { spec } = theOne(resourcesIn('envoy-gateway/bodies.yaml', {}), 'EnvoyPatchPolicy')
  const all: Record<string, unknown> = { ...config }
  // as: the file's own shape
  for (const { operation } of spec.jsonPatches as readonly JsonPatch[]) {
    const { jsonPath, path, value } = operation
    assert.equal(jsonPath, `..http_filters[?(@.name=='${filter}')].typed_config`)
    const [, name = '', inner] = path.split('/')
    const before = all[name] as Fields | undefined // as: only messages are patched inside
    all[name] = inner === undefined ? value : { ...before, [inner]: value }
  }
  return all
}
