export { oauthHandlers } from './endpoints.ts'
export { beginWhenAsked } from './lazy-provider.ts'
export { PUSHED_LIFE_MS } from './pushed-request.ts'
export { PushedRoom } from './pushed-room.ts'
