export { type AddressClass, addressClass } from './address.ts'
export type { AllowOrigin, Resolver } from './connector.ts'
export type { FetchInit, FetchLimits } from './fetch.ts'
export { type Outbound, type OutboundOptions, outbound } from './outbound.ts'
export {
  type KeyHeader,
  type RemoteKeys,
  type RemoteKeysOptions,
  remoteKeys,
} from './remote-keys.ts'
