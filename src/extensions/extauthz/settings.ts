import { optional, readListen } from '../../platform/lib/setting.ts'

export const EXT_AUTHZ_SETTINGS = {
  forwardAuthListen: optional(
    'REMIT_FORWARD_AUTH_LISTEN',
    'Address and port to listen on for gateways of others that ask over HTTP: forward-auth (nginx, Caddy, Traefik, HAProxy, APISIX) and ext_authz (Envoy). Only gateways should reach it. Not set: off.',
    readListen,
  ),
  extAuthzListen: optional(
    'REMIT_EXT_AUTHZ_LISTEN',
    'Address and port to listen on for gateways of others that ask by gRPC: ext_authz (Envoy, Istio, Envoy Gateway). Only gateways should reach it. Not set: off.',
    readListen,
  ),
} as const
