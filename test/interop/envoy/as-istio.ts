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

interface Provider {
  readonly service: string
  readonly port: number
  readonly timeout: string
  readonly failOpen: boolean
  readonly includeRequestBodyInCheck: {
    readonly maxRequestBytes: number
    readonly allowPartialMessage: boolean
    readonly packAsBytes?: boolean
  }
}

interface HttpProvider extends Provider {
  readonly pathPrefix: string
  readonly includeRequestHeadersInCheck: readonly string[]
  readonly includeAdditionalHeadersInCheck: Readonly<Record<string, string>>
  readonly headersToUpstreamOnAllow: readonly string[]
  readonly headersToDownstreamOnAllow: readonly string[]
  readonly headersToDownstreamOnDeny: readonly string[]
}

interface MeshConfig {
  readonly pathNormalization: { readonly normalization: 'NONE' }
  readonly extensionProviders: readonly [
    {
      readonly name: string
      readonly envoyExtAuthzHttp?: HttpProvider
      readonly envoyExtAuthzGrpc?: Provider
    },
  ]
}

interface Policy {
  readonly provider: { readonly name: string }
  readonly rules: readonly [
    { readonly to: readonly [{ readonly operation: { readonly notPaths: readonly string[] } }] },
  ]
}

interface HttpRoute {
  readonly match: readonly [{ readonly uri: { readonly exact?: string; readonly prefix?: string } }]
  readonly route: readonly [
    { readonly destination: { readonly host: string; readonly port: { readonly number: number } } },
  ]
  readonly headers?: { readonly response: { readonly remove: readonly string[] } }
  readonly retries?: { readonly attempts: 0 }
  readonly rewrite?: { readonly authority: string }
}

interface FilterPatch {
  readonly configPatches: readonly [
    { readonly patch: { readonly value: { readonly typed_config: Fields } } },
  ]
}

/**
 * Writes Envoy's configuration as Istio 1.32 does for an ingress gateway
 * (`pilot/pkg/security/authz/builder`, `pilot/pkg/networking/core`). The settings are those of the
 * files of `deploy/gateways`. `patched`: with the EnvoyFilter, where the file has one.
 */
export function asIstio(
  store: Store,
  file: 'grpc.yaml' | 'http.yaml',
  { patched }: { readonly patched: boolean },
): string {
  const own = resourcesIn(`istio/${file}`, { REMIT_ENFORCER_SECRET: store.secret })
  const shared = resourcesIn('istio/gateway.yaml', {
    'api.example.com': new URL(store.identifier).host,
  })
  const mesh = theOne(own, 'IstioOperator').spec.meshConfig as MeshConfig // as: the file's own shape
  const [{ envoyExtAuthzGrpc: grpc, envoyExtAuthzHttp: http, name }] = mesh.extensionProviders
  const [patch] = own.filter(({ kind }) => patched && kind === 'EnvoyFilter')
  const provider = http ? overHttp(http) : grpc ? byGrpc(grpc) : {}
  const enabled = { filter_enabled_metadata: shadowMatch(name) }
  const built = { transport_api_version: 'V3', ...provider, ...enabled }
  const ask = patch ? merged(built, patchOf(patch)) : built

  const routes = theOne(shared, 'VirtualService').spec.http as readonly HttpRoute[] // as: the file's own shape
  const clusters = new Set(routes.map(({ route }) => clusterName(route[0].destination)))
  const asked = http ?? grpc
  if (asked) clusters.add(clusterName({ host: asked.service, port: { number: asked.port } }))
  const ports = portsOf(store)
  const manager = {
    codec_type: 'AUTO',
    server_name: 'istio-envoy',
    use_remote_address: true,
    normalize_path: mesh.pathNormalization.normalization !== 'NONE',
    path_with_escaped_slashes_action: 'KEEP_UNCHANGED',
    forward_client_cert_details: 'SANITIZE_SET',
    set_current_client_cert_details: { subject: true, cert: true, dns: true, uri: true },
    upgrade_configs: [{ upgrade_type: 'websocket' }],
    stream_idle_timeout: '0s',
    route_config: {
      virtual_hosts: [{ name: '*:80', domains: ['*'], routes: routes.map(routeOf) }],
    },
    http_filters: [
      shadowFilter(theOne(shared, 'AuthorizationPolicy')),
      filterOf('envoy.filters.http.ext_authz', 'http.ext_authz.v3.ExtAuthz', ask),
      filterOf('envoy.filters.http.router', 'http.router.v3.Router', {}),
    ],
  }
  return writeEnvoy(
    store,
    manager,
    [...clusters].map((each) => {
      const port = Number(each.split('|')[1])
      return clusterOf(each, ports.get(port), port === 7491)
    }),
  )
}

function patchOf({ spec }: ReturnType<typeof theOne>): Fields {
  const { configPatches } = spec as unknown as FilterPatch // as: the file's own shape
  return configPatches[0].patch.value.typed_config
}

/** `rules` of a policy whose action is CUSTOM: they only mark the requests that ext_authz asks about. */
function shadowFilter({ metadata, spec }: ReturnType<typeof theOne>): Fields {
  const { provider, rules } = spec as unknown as Policy // as: the file's own shape
  const not = rules[0].to[0].operation.notPaths.map((exact) => ({ url_path: { path: { exact } } }))
  const name = `istio-ext-authz-${provider.name}-ns[${metadata?.namespace}]-policy[${metadata?.name}]-rule[0]`
  return filterOf('envoy.filters.http.rbac', 'http.rbac.v3.RBAC', {
    shadow_rules: {
      action: 'DENY',
      policies: {
        [name]: {
          permissions: [{ and_rules: { rules: [{ not_rule: { or_rules: { rules: not } } }] } }],
          principals: [{ and_ids: { ids: [{ any: true }] } }],
        },
      },
    },
    shadow_rules_stat_prefix: 'istio_ext_authz_',
  })
}

function shadowMatch(provider: string): Fields {
  return {
    filter: 'envoy.filters.http.rbac',
    path: [{ key: 'istio_ext_authz_shadow_effective_policy_id' }],
    value: { string_match: { prefix: `istio-ext-authz-${provider}` } },
  }
}

function common({ failOpen, includeRequestBodyInCheck: body }: Provider): Fields {
  const { allowPartialMessage, maxRequestBytes, packAsBytes = false } = body
  return {
    failure_mode_allow: failOpen,
    with_request_body: {
      max_request_bytes: maxRequestBytes,
      allow_partial_message: allowPartialMessage,
      pack_as_bytes: packAsBytes,
    },
  }
}

function byGrpc(provider: Provider): Fields {
  const { failOpen, includeRequestBodyInCheck, port, service, timeout, ...rest } = provider
  saysNoMore(rest)
  const cluster = clusterName({ host: service, port: { number: port } })
  const grpc = { envoy_grpc: { cluster_name: cluster, authority: service }, timeout }
  return { ...common(provider), grpc_service: grpc }
}

function overHttp(provider: HttpProvider): Fields {
  const {
    failOpen,
    headersToDownstreamOnAllow,
    headersToDownstreamOnDeny,
    headersToUpstreamOnAllow,
    includeAdditionalHeadersInCheck,
    includeRequestBodyInCheck,
    includeRequestHeadersInCheck,
    pathPrefix,
    port,
    service,
    timeout,
    ...rest
  } = provider
  saysNoMore(rest)
  const cluster = clusterName({ host: service, port: { number: port } })
  const added = Object.entries(includeAdditionalHeadersInCheck)
  return {
    ...common(provider),
    allowed_headers: patterns(includeRequestHeadersInCheck),
    http_service: {
      path_prefix: pathPrefix,
      server_uri: { uri: `http://${service}`, cluster, timeout },
      authorization_request: { headers_to_add: added.map(([key, value]) => ({ key, value })) },
      authorization_response: {
        allowed_upstream_headers: patterns(headersToUpstreamOnAllow),
        allowed_client_headers: patterns(headersToDownstreamOnDeny),
        allowed_client_headers_on_success: patterns(headersToDownstreamOnAllow),
      },
    },
  }
}

function patterns(headers: readonly string[]): Fields {
  const one = (header: string) =>
    header.endsWith('*') ? { prefix: header.slice(0, -1) } : { exact: header }
  return { patterns: headers.map((each) => ({ ...one(each), ignore_case: true })) }
}

function clusterName({ host, port }: HttpRoute['route'][0]['destination']): string {
  return `outbound|${port.number}||${host}`
}

/** A route of a VirtualService, with Istio's retries where it does not say otherwise. */
function routeOf({ headers, match, retries, rewrite, route, ...rest }: HttpRoute): Fields {
  saysNoMore(rest)
  const { exact, prefix } = match[0].uri
  const retry = {
    retry_on: 'connect-failure,refused-stream,unavailable,cancelled,retriable-status-codes',
    num_retries: 2,
  }
  return {
    match: { ...(exact ? { path: exact } : { prefix }), case_sensitive: true },
    route: {
      cluster: clusterName(route[0].destination),
      timeout: '0s',
      ...(rewrite && { host_rewrite_literal: rewrite.authority }),
      ...(retries?.attempts !== 0 && { retry_policy: retry }),
    },
    ...(headers && { response_headers_to_remove: headers.response.remove }),
  }
}

/** Merges messages as EnvoyFilter's MERGE does: field by field, and lists one behind the other. */
function merged(into: Fields, from: Fields): Fields {
  const all: Record<string, unknown> = { ...into }
  for (const [name, value] of Object.entries(from)) {
    const before = all[name]
    if (Array.isArray(value)) all[name] = [...(Array.isArray(before) ? before : []), ...value]
    else all[name] = isFields(value) && isFields(before) ? merged(before, value) : value
  }
  return all
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
