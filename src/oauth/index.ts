export { beginWhenAsked } from './begin-when-asked.ts'
export { oauthHandlers } from './endpoints.ts'
export type { TokenPorts } from './token.ts'
