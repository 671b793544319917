export { authzenHandlers } from './endpoints.ts'
export type { AuthzenPorts } from './ports.ts'
