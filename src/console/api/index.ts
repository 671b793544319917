/** The management API, and what extensions describe operations of their own with. */
export { fromJson, toJson } from './json.ts'
export { personNames } from './names.ts'
export { acts, actsWith, type Operation, withParts } from './operation.ts'
export { OPERATIONS } from './operations.ts'
export type { ApiParts, FindCallbackAddress } from './parts.ts'
export { schemaNow } from './policies/schema-now.ts'
export { API_PREFIX, addApi } from './routes.ts'
export { time } from './shapes.ts'
