export { oauthHandlers } from './endpoints.ts'
export { createProvider } from './provider.ts'
export type { TokenPorts } from './token.ts'
