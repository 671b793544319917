import { join } from 'node:path'
import { testClientsWithoutKeys } from '../oauth-clients.ts'

const program = join(process.env.REMIT_INTEROP_OAUTH_PYTHON ?? '', 'python')
const client = (name: string, kind: string) => ({
  ...{ name, program },
  args: [join(import.meta.dirname, 'client.py'), kind],
})

testClientsWithoutKeys('OAuth clients in Python without DPoP, at an HTTP API', [
  client('authlib', 'authlib'),
  client('requests-oauthlib', 'requests'),
])
