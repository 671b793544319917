// The libraries that an embedded server loads at its start (`test/start.test.ts`), and nothing else: what of its start is not its own.
import 'commander'
import 'fastify'
import 'kysely'
import 'pino'
import 'typebox'
import 'undici'

process.stderr.write('ready\n')
setInterval(() => {}, 60_000)
