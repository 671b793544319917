import { join } from 'node:path'
import { testClientsWithoutKeys } from '../oauth-clients.ts'

testClientsWithoutKeys('an OAuth client with curl, without DPoP, at an HTTP API', [
  { name: 'curl', program: 'sh', args: [join(import.meta.dirname, 'client.sh')] },
])
