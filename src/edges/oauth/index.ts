export { PUSHED_LIFE_MS } from './authorization/pushed-request.ts'
export { ParQuota } from './authorization/pushed-room.ts'
export { oauthHandlers } from './endpoints.ts'
