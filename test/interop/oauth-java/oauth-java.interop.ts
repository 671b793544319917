import { testClientsWithoutKeys } from '../oauth-clients.ts'

testClientsWithoutKeys('an OAuth client in Java without DPoP, at an HTTP API', [
  {
    name: 'Spring Security',
    program: 'java',
    args: ['-cp', process.env.REMIT_INTEROP_OAUTH_CLASSES ?? '', 'Client'],
  },
])
