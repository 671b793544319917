export { authzenHandlers } from './endpoints.ts'
