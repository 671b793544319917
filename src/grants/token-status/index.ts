/** Tokens that were issued: introspection (RFC 7662) and revocation (RFC 7009). */
export { introspect, introspectSigned } from './introspect.ts'
export {
  type IntrospectionParts,
  identifyIntrospector,
  type PresentedCaller,
} from './introspection-caller.ts'
export { revokeToken } from './revoke-token.ts'
