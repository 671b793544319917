/** Gateways of others ask here: forward-auth and Envoy ext_authz, over HTTP and gRPC. */
export { createExtAuthz, type ExtAuthz } from './ext-authz.ts'
