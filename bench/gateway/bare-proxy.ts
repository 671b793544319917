// The least that a proxy in this runtime does: node:http in, an undici dispatcher out, nothing looked at. What the gateway adds to
// this is what it costs.
import { createServer } from 'node:http'
import { Agent, type Dispatcher } from 'undici'

const [port = '0', upstream = ''] = process.argv.slice(2)
const dispatcher = new Agent({ connections: 128, pipelining: 1 })
const server = createServer((request, reply) => {
  dispatcher.dispatch(
    {
      origin: upstream,
      path: request.url ?? '/',
      method: request.method as Dispatcher.HttpMethod, // the load is GET and POST
      headers: request.headers,
      body: request.method === 'GET' ? null : request,
    },
    {
      onRequestStart() {},
      onResponseStart(_, status, headers) {
        reply.writeHead(status, headers)
      },
      onResponseData(_, chunk) {
        reply.write(chunk)
      },
      onResponseEnd() {
        reply.end()
      },
      onResponseError() {
        reply.destroy()
      },
    },
  )
})
server.listen(Number(port), '127.0.0.1', () => process.stderr.write('ready\n'))
process.on('SIGTERM', () => process.exit())
