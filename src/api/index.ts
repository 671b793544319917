export type { Operation } from './operation.ts'
export { OPERATIONS } from './operations.ts'
export type { ApiParts } from './parts.ts'
export { API_PREFIX, addApi } from './routes.ts'
