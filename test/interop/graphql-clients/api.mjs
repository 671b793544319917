// A GraphQL API by graphql-http on the reference implementation: says its address, and then each operation that it executes.
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { buildSchema } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/http'

const order = { id: '7', total: 12.5 }
const handler = createHandler({
  schema: buildSchema(readFileSync('schema.graphql', 'utf8')),
  rootValue: { order: () => order, refund: ({ amount }) => ({ ...order, total: amount }) },
})
const server = createServer((request, reply) => void handler(request, reply))
server.listen(0, '127.0.0.1', () => console.log(`at http://127.0.0.1:${server.address().port}`))
process.stdin.on('end', () => process.exit(0)).resume()
