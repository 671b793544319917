// The ceiling of an API on Fastify: a POST route without a schema that parses its JSON body and answers the same few bytes.
import Fastify from 'fastify'

const app = Fastify()
app.post('/access/v1/evaluation', async () => ({ decision: true }))
await app.listen({ port: Number(process.argv[2]), host: '127.0.0.1' })
process.stderr.write('ready\n')
process.on('SIGTERM', () => process.exit())
