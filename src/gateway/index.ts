export { createGateway, type Gateway } from './gateway.ts'
export { HTTP_CALL } from './pipeline.ts'
export type { GatewayPorts } from './ports.ts'
export { Running } from './running.ts'
