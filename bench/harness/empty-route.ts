// The ceiling of an HTTP server in this runtime: reads the request's body and answers the same few bytes.
import { createServer } from 'node:http'

const BODY = Buffer.from('{"ok":true}')
const server = createServer((request, reply) => {
  request.resume()
  request.on('end', () => {
    reply.writeHead(200, { 'content-type': 'application/json', 'content-length': BODY.length })
    reply.end(BODY)
  })
})
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stderr.write('ready\n'))
process.on('SIGTERM', () => process.exit())
