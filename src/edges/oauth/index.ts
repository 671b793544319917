export { ParQuota } from './authorization/par-quota.ts'
export { PUSHED_LIFE_MS } from './authorization/pushed-request.ts'
export { oauthHandlers } from './endpoints.ts'
