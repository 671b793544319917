/**
 * `node:http` without an `import` of it. An import reads every export of a module of Node, and `WebSocket` is one of this: Node then loads the
 * client behind its own `fetch`, which a server does not use (decision 0116).
 */
export const nodeHttp = process.getBuiltinModule('node:http')
