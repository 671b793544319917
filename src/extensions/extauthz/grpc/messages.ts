import type { ServiceDefinition } from '@grpc/grpc-js'
import { fromJSON } from '@grpc/proto-loader'

/** Fields by their names. */
type Fields = Readonly<Record<string, readonly [type: string, id: number, rule?: 'repeated']>>

/** A message in protobufjs's JSON form. */
function message(fields: Fields) {
  return {
    fields: Object.fromEntries(
      Object.entries(fields).map(([name, [type, id, rule]]) => [
        name,
        { type, id, ...(rule ? { rule } : {}) },
      ]),
    ),
  }
}

/** Adds a map of texts to a message. */
function withMap({ fields }: ReturnType<typeof message>, name: string, id: number) {
  return { fields: { ...fields, [name]: { keyType: 'string', type: 'string', id } } }
}

/**
 * Fields of `envoy.service.auth.v3` that are read or written here. Others are skipped when a
 * message is read (proto3). The names of the messages are not on the wire.
 */
const MESSAGES = {
  Address: message({ socket_address: ['SocketAddress', 1] }),
  AttributeContext: withMap(
    message({ source: ['Peer', 1], request: ['Request', 4] }),
    'context_extensions',
    10,
  ),
  CheckRequest: message({ attributes: ['AttributeContext', 1] }),
  CheckResponse: message({
    status: ['Status', 1],
    denied_response: ['DeniedHttpResponse', 2],
    ok_response: ['OkHttpResponse', 3],
  }),
  DeniedHttpResponse: message({
    status: ['Status', 1],
    headers: ['HeaderValueOption', 2, 'repeated'],
    body: ['string', 3],
  }),
  HeaderMap: message({ headers: ['HeaderValue', 1, 'repeated'] }),
  HeaderValue: message({ key: ['string', 1], value: ['string', 2], raw_value: ['bytes', 3] }),
  HeaderValueOption: message({ header: ['HeaderValue', 1], append_action: ['int32', 3] }),
  HttpRequest: withMap(
    message({
      method: ['string', 2],
      path: ['string', 4],
      host: ['string', 5],
      protocol: ['string', 10],
      body: ['string', 11],
      raw_body: ['bytes', 12],
      header_map: ['HeaderMap', 13],
    }),
    'headers',
    3,
  ),
  OkHttpResponse: message({
    headers: ['HeaderValueOption', 2, 'repeated'],
    headers_to_remove: ['string', 5, 'repeated'],
    response_headers_to_add: ['HeaderValueOption', 6, 'repeated'],
  }),
  Peer: message({ address: ['Address', 1] }),
  Request: message({ http: ['HttpRequest', 2] }),
  SocketAddress: message({ address: ['string', 2] }),
  // Both `google.rpc.Status` and `envoy.type.v3.HttpStatus` have a code as their first field.
  Status: message({ code: ['int32', 1] }),
}

interface HeaderValue {
  readonly key: string
  readonly value?: string
  readonly raw_value?: Buffer
}

/** A check as it is read; what Envoy left out is absent. */
export interface CheckRequest {
  readonly attributes?: {
    readonly source?: {
      readonly address?: { readonly socket_address?: { readonly address?: string } }
    }
    readonly request?: {
      readonly http?: {
        readonly method?: string
        readonly path?: string
        readonly host?: string
        readonly protocol?: string
        readonly headers?: Readonly<Record<string, string>>
        readonly header_map?: { readonly headers?: readonly HeaderValue[] }
        /** The body as a text, where Envoy is not told `pack_as_bytes`. */
        readonly body?: string
        readonly raw_body?: Buffer
      }
    }
    /** Settings of the route at the gateway, which no caller can write. */
    readonly context_extensions?: Readonly<Record<string, string>>
  }
}

interface HeaderValueOption {
  readonly header: HeaderValue
  readonly append_action: number
}

export interface CheckResponse {
  readonly status: { readonly code: number }
  readonly ok_response?: {
    readonly headers: readonly HeaderValueOption[]
    readonly headers_to_remove: readonly string[]
    readonly response_headers_to_add: readonly HeaderValueOption[]
  }
  readonly denied_response?: {
    readonly status: { readonly code: number }
    readonly headers: readonly HeaderValueOption[]
    readonly body: string
  }
}

/** `envoy.service.auth.v3.Authorization`, by its only method. */
export const AUTHORIZATION = fromJSON(
  {
    nested: {
      ...MESSAGES,
      'envoy.service.auth.v3': {
        nested: {
          Authorization: {
            methods: {
              Check: { requestType: 'CheckRequest', responseType: 'CheckResponse', comment: '' },
            },
          },
        },
      },
    },
  },
  { keepCase: true, bytes: Buffer },
)['envoy.service.auth.v3.Authorization'] as ServiceDefinition // as: the service just declared
