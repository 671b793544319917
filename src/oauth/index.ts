export { beginWhenAsked } from './begin-when-asked.ts'
export { oauthHandlers } from './endpoints.ts'
export { PUSHED_LIFE_MS } from './pushed-request.ts'
export { PushedRoom } from './pushed-room.ts'
