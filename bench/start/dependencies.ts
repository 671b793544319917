// The libraries that the server loads, and nothing else: what of its start is not its own.
import '@cedar-policy/cedar-wasm/nodejs'
import 'commander'
import 'fastify'
import 'jose'
import 'kysely'
import 'oidc-provider'
import 'openid-client'
import 'pg'
import 'pino'
import 'typebox'
import 'undici'
import 'yaml'

process.stderr.write('ready\n')
setInterval(() => {}, 60_000)
