import { testClientsWithoutKeys } from '../oauth-clients.ts'

testClientsWithoutKeys('an OAuth client in Go without DPoP, at an HTTP API', [
  { name: 'x/oauth2', program: process.env.REMIT_INTEROP_OAUTH_GO ?? '', args: [] },
])
