/** MCP over standard input and output, on either side. */
export { Lines } from './lines.ts'
export { WrappedServer } from './wrapped-server.ts'
